"""The words for the members of our enumerations."""

from enum import StrEnum

from flask_babel import LazyString
from flask_babel import lazy_gettext as _l

from techauction.core import approval
from techauction.core.admission import DepositKind, DepositState
from techauction.core.consigning import Instrument
from techauction.core.handoff import CaseKind, Step
from techauction.core.lot import ExtensionKind, Format, Stage
from techauction.core.outcome import Ending, PassedInFor, WithheldFor
from techauction.core.paddle import PaddleState
from techauction.core.record import Kind
from techauction.core.registration import Decision
from techauction.core.round import Phase, Regime
from techauction.core.round_record import RoundKind
from techauction.core.stuck import Duty
from techauction.core.tokens import TokenScope
from techauction.core.violation import Fault
from techauction.store.people import OrganisationKind, Role, Standing

WORDS: dict[type[StrEnum], dict[str, LazyString]] = {
    Duty: {
        Duty.OPENING: _l("could not be opened"),
        Duty.ANSWERING: _l("standing instructions could not be followed"),
        Duty.HAMMER: _l("the hammer could not fall"),
        Duty.SETTLING: _l("the sale could not be settled"),
    },
    Stage: {
        "submitted": _l("submitted"),
        "returned": _l("returned"),
        "listed": _l("listed"),
        "open": _l("open"),
        "paused": _l("paused"),
        "interrupted": _l("interrupted"),
        "ended": _l("ended"),
    },
    Format: {
        "ascending": _l("open bids, each over the last"),
        "sealed": _l("sealed offers, one each, opened together at the close"),
    },
    Phase: {
        "draft": _l("draft"),
        "published": _l("published"),
        "open": _l("open"),
        "closed": _l("closed"),
        "called_off": _l("called off"),
    },
    Regime: {
        "exchange": _l("competitive bidding under the exchange's rules"),
        "auction": _l("auction under the Auction Law"),
    },
    Ending: {
        "sold": _l("sold"),
        "passed_in": _l("passed in"),
        "agreed": _l("agreed"),
        "withheld": _l("withheld"),
        "withdrawn": _l("withdrawn"),
        "void": _l("void"),
    },
    PassedInFor: {
        "no_bid": _l("no bid was made"),
        "reserve_not_met": _l("the highest bid did not reach the reserve"),
        "too_few_bidders": _l("too few paddles bid"),
    },
    WithheldFor: {
        "too_few_admitted": _l("too few paddles were admitted"),
        "reserve_not_sealed": _l("the reserve announced was not sealed in time"),
    },
    ExtensionKind: {
        "A": _l("A: a full period from the late bid"),
        "B": _l("B: a period added to the close"),
    },
    Instrument: {
        "transfer": _l("transfer"),
        "exclusive_licence": _l("exclusive licence"),
        "sole_licence": _l("sole licence"),
        "ordinary_licence": _l("ordinary licence"),
        "equity": _l("equity"),
    },
    RoundKind: {
        "paddle_issued": _l("paddle issued"),
        "paddle_voided": _l("paddle voided"),
        "bidder_renamed": _l("bidder renamed"),
        "round_opened": _l("round opened"),
        "round_closed": _l("round closed"),
    },
    Role: {
        "institute": _l("institute"),
        "enterprise": _l("enterprise"),
        "organizer": _l("organizer"),
        "manager": _l("technology-transfer manager"),
        "auditor": _l("auditor"),
        "administrator": _l("administrator"),
    },
    TokenScope: {
        "read": _l("read rounds, lots and records"),
        "bid": _l("bid"),
        "organize": _l("create and publish rounds"),
    },
    OrganisationKind: {
        "university": _l("university"),
        "institute": _l("research institute"),
        "hospital": _l("hospital"),
        "enterprise": _l("company"),
        "collective": _l("village collective"),
        "person": _l("natural person"),
    },
    Standing: {
        "registered": _l("waits for approval"),
        "approved": _l("approved"),
        "refused": _l("refused"),
    },
    Decision: {
        "approved": _l("approved"),
        "refused": _l("refused"),
    },
    approval.Decision: {
        "approved": _l("approved"),
        "declined": _l("declined"),
        "taken_back": _l("taken back"),
        "stale": _l("closed: something had changed"),
    },
    approval.Act: {
        "open_early": _l("Open the round early"),
        "resume": _l("Resume lots"),
        "prolong": _l("Give lots more time"),
        "void_bid": _l("Void a bid"),
        "void_outcome": _l("Void an outcome"),
        "close_early": _l("Close the round early"),
        "call_off": _l("Call the round off"),
    },
    DepositKind: {
        "share": _l("a share of each start price"),
        "fixed": _l("one fixed sum for the round"),
    },
    DepositState: {
        "due": _l("due"),
        "held": _l("held"),
        "applied": _l("applied"),
        "released": _l("released"),
        "forfeited": _l("forfeited"),
    },
    PaddleState: {
        "asked": _l("asked for"),
        "refused": _l("refused"),
        "issued": _l("issued"),
        "voided": _l("voided"),
    },
    CaseKind: {
        "sold": _l("sold at the hammer"),
        "follow_up": _l("follow-up after passing in"),
    },
    Step: {
        "sale_confirmed": _l("sale confirmed"),
        "contract_drafted": _l("contract drafted"),
        "contract_signed": _l("contract signed"),
        "contract_registered": _l("technical contract registered"),
        "price_paid": _l("price paid"),
        "assignment_registered": _l("patent assignment registered"),
        "licence_filed": _l("licence filed"),
        "shares_registered": _l("shares registered"),
        "know_how_delivered": _l("know-how delivered"),
        "accepted": _l("delivery accepted"),
        "checked_6_months": _l("checked after 6 months"),
        "checked_12_months": _l("checked after 12 months"),
        "checked_24_months": _l("checked after 24 months"),
        "parties_asked": _l("both parties asked"),
        "price_talked": _l("price talked over"),
        "follow_up_ended": _l("follow-up ended"),
    },
    Kind: {
        "opened": _l("opened"),
        "bid": _l("bid"),
        "matched": _l("matched"),
        "sealed": _l("sealed offer"),
        "unsealed": _l("sealed offers opened"),
        "extended": _l("extended"),
        "prolonged": _l("prolonged"),
        "paused": _l("paused"),
        "resumed": _l("resumed"),
        "interrupted": _l("interrupted"),
        "voided": _l("voided"),
        "hammered": _l("hammer"),
        "withheld": _l("withheld"),
        "withdrawn": _l("withdrawn"),
    },
    Fault: {
        "broken_chain": _l("an event does not follow from the one before"),
        "gap": _l("an event is missing"),
        "wrong_hash": _l("an event was changed"),
        "unreadable": _l("an event cannot be read"),
        "unlawful": _l("a bid that the rules forbid"),
        "off_time": _l("an event at a time when it cannot have been"),
        "wrong_close": _l("a close that does not follow from the rules"),
        "reserve_mismatch": _l("the reserve is not the one sealed"),
        "wrong_outcome": _l("an outcome that does not follow from the record"),
        "missing_tail": _l("the end of the record is missing"),
        "not_admitted": _l("a paddle that was not admitted as the record says"),
        "bidder_differs": _l("a paddle's bidder is not the one that it was issued to"),
        "not_approved": _l("an act that needs two, and two did not agree on it"),
        "offer_differs": _l("an offer differs from its bid"),
        "terms_differ": _l("the lot's terms differ from those it opened with"),
        "state_differs": _l("the lot's state differs from its record"),
        "outcome_differs": _l("the outcome differs from the record"),
        "settlement_differs": _l("the settlement differs from the record"),
        "case_differs": _l("the case is not the one that the outcome makes"),
        "digest_differs": _l("the round's digest differs from the record"),
    },
}
MATURITY = {
    1: _l("TRL 1: basic principles observed"),
    2: _l("TRL 2: concept formulated"),
    3: _l("TRL 3: concept shown by experiment"),
    4: _l("TRL 4: validated in the laboratory"),
    5: _l("TRL 5: validated in a relevant environment"),
    6: _l("TRL 6: demonstrated in a relevant environment"),
    7: _l("TRL 7: prototype shown in operation"),
    8: _l("TRL 8: system complete and qualified"),
    9: _l("TRL 9: proven in operation"),
}


def word(member: StrEnum) -> str:
    """Return the word for a member of an enumeration as it stands by itself, in the reader's language."""
    said = word_within(member)
    return said[:1].upper() + said[1:]


def word_within(member: StrEnum) -> str:
    """Return the word for a member of an enumeration as it stands inside a sentence."""
    return str(WORDS[type(member)][member.value])


def maturity(level: int) -> str:
    """Return the words for a technology readiness level (GB/T 22900)."""
    return str(MATURITY[level])
