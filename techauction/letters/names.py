"""Letters about the names of organisations."""

from flask_babel import gettext as _

from techauction.letters.letter import Facts, Letter, named


def rename_asked(facts: Facts) -> Letter:
    """Return what those read who may approve a new name."""
    return Letter(
        _("Your approval is asked for: a new name of %(name)s", name=named(facts, "name")),
        _(
            "Somebody asks that %(name)s be called %(new)s from now on. It can be approved for 7 days. Reason: %(reason)s",
            name=named(facts, "name"),
            new=named(facts, "new"),
            reason=facts["reason"],
        ),
    )


def organisation_renamed(facts: Facts) -> Letter:
    """Return what an organisation reads that has a new name."""
    return Letter(
        _("Your organisation has a new name here"),
        _(
            "%(name)s is called %(new)s from now on. Paddles that were issued before keep the old name, and their rounds' "
            "records have both.",
            name=named(facts, "name"),
            new=named(facts, "new"),
        ),
    )
