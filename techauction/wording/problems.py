"""What keeps a round from being published, said beside the field that it is about."""

from flask_babel import lazy_gettext as _l

from techauction.core.round import Problem

SENTENCES = {
    "in_the_past": _l("This time has passed."),
    "notice_too_short": _l("A round is announced at least 7 days before it opens; a rehearsal needs no notice."),
    "not_after_opening": _l("The close must come after the opening."),
    "shorter_than_timed_period": _l("From the opening to the close there must be at least one timed period."),
    "after_opening": _l("This must not be later than the opening."),
    "period_out_of_range": _l("A period is from 1 second to 1 hour."),
    "missing": _l("This is missing."),
    "commission_not_agreed": _l(
        "The law allows 5 per cent a side where nothing else was agreed (Auction Law, art. 56). Tick that it was agreed."
    ),
    "commission_note_missing": _l("Write what was agreed, with whom and when: it stands on the announcement."),
    "deposit_reason_missing": _l(
        "A deposit is usually 5 to 20 per cent of the start price. Write why it is another: it stands on the announcement."
    ),
    "none_listed": _l("No lot is listed in the round yet."),
}


def say_problem(problem: Problem) -> str:
    """Return the sentence for a problem in the reader's language."""
    return str(SENTENCES[problem.code])
