"""One sentence for each refusal, made from its facts."""

from datetime import datetime
from enum import StrEnum

from flask_babel import LazyString
from flask_babel import lazy_gettext as _l

from techauction.core import approval
from techauction.core.days import SHANGHAI
from techauction.core.handoff import Step
from techauction.core.lot import Stage
from techauction.core.refusal import Fact, Refusal
from techauction.core.registration import Decision
from techauction.core.round import Phase
from techauction.wording.words import word_within

BIDDING = {
    "sealed_once": _l("You have made your one sealed offer for this lot already."),
    "too_low": _l("The least lawful bid now is %(least)s."),
    "own_bid_stands": _l("Your own bid of %(standing)s stands already: you lead."),
    "off_grid": _l("%(offered)s is not on the grid. The nearest lawful amounts are %(below)s and %(above)s."),
    "too_many_steps": _l("That is too many increments at once. The highest lawful bid now is %(most)s."),
    "start_only_first": _l("Only the first bid may equal the start price. The least lawful bid now is %(least)s."),
    "not_admitted": _l("You have no paddle that is admitted to this lot."),
    "deposit_insufficient": _l("Your deposit held is %(held)s; this lot needs %(required)s."),
    "not_open": _l("This lot is not open for bids yet."),
    "paused": _l("Bidding on this lot is paused. After it resumes there is a full period to bid."),
    "closed": _l("This lot is closed; a bid at the closing instant is late."),
    "received_in_time": _l(
        "Your offer was here in time, at %(received_at)s, but the lot had ended when the house came to it: it had no part in"
        " the sale. It is kept, and the organizers are shown it."
    ),
    "paddle_voided": _l("Paddle %(paddle)s was voided and may not bid any more."),
    "needs_confirmation": _l("%(offered)s is far over the present price of %(price)s. Confirm the amount once more."),
    "no_such_lot": _l("There is no such lot."),
    "request_entity_too_large": _l("That is too large"),
    "service_unavailable": _l("The house is busy: it cannot look this up now. Try again in a few seconds."),
    "internal_server_error": _l("Something broke on our side"),
    "sign_in_ended": _l("Your sign-in ended while the offer waited, so it was not taken. Sign in again."),
    "key_closed": _l("You closed this offer's key, so it is not taken. Load the page again, then make your offer."),
    "receipt_missing": _l("This is neither a receipt nor the answer to a bid with its receipt."),
    "receipt_wrong": _l("This is no receipt that this house signed."),
    "key_reused": _l("This form was already used for another offer. Load the page again, then make your offer."),
    "queue_full": _l("Too many offers wait at this moment, and yours was not taken in. Offer again."),
    "too_many_watchers": _l("Too many watch at this moment. Ask again in a while."),
    "not_signed_in": _l("You are not signed in, or this page is out of date. Sign in and load it again."),
    "offer_unreadable": _l("The offer cannot be read."),
    "too_many_offers": _l("You make more offers in a second than are taken. Wait a moment, then offer again."),
    "unknown": _l("It is not known yet whether your offer stands. Look at the lot before you offer again."),
}
RIGHTS = {
    "no_priority_right": _l("Only a paddle with a priority right at this lot, not waived, may match the standing bid."),
    "nothing_to_match": _l("No bid of %(offered)s stands, so there is nothing to match."),
    "outranked": _l("The standing bid of %(standing)s is that of a holder of a priority right who comes before you."),
    "priority_rank_wrong": _l("A rank is a whole number from 1 to %(most)s."),
    "no_right_at_licence": _l(
        "A priority right covers a transfer, not a licence (Civil Code, art. 847), and this lot is a licence."
    ),
    "priority_waived": _l("This paddle has waived its priority right at the lot, and that stands."),
    "instruction_too_low": _l("A ceiling of %(ceiling)s is under the least lawful bid of %(least)s."),
    "instruction_too_far": _l("A ceiling of %(ceiling)s is too far away. The highest at present is %(most)s."),
    "instruction_off_grid": _l("%(ceiling)s is not on the grid. The nearest ceilings are %(below)s and %(above)s."),
    "instruction_not_here": _l("Bids by instruction are only for lots with rising bids, and this is none."),
    "no_instruction": _l("You have no instruction at this lot."),
}
API = {
    "token_ended": _l("This token is unknown, has expired or was revoked."),
    "scope_missing": _l("This needs the scope “%(scope)s”, which the token or the account does not have."),
    "no_scope_chosen": _l("Choose at least one thing that the token may do."),
    "scope_not_yours": _l("Your account has no use for the scope “%(scope)s”."),
    "too_many_tokens": _l("You have %(most)s tokens, the most that one may have. Revoke one first."),
    "too_many_calls": _l("You make more calls in a minute than are answered. Wait a moment, then call again."),
    "json_key_twice": _l("The name “%(name)s” stands twice in one object, so nobody knows which of the two is meant."),
    "call_unreadable": _l("“%(field)s” is not what the API takes there."),
}
AMOUNTS = {
    "changed_meanwhile": _l(
        "Somebody else changed this while you had it open. Nothing of yours is lost: look at what is marked, then send again."
    ),
    "amount_unreadable": _l("“%(text)s” is no amount. Write it like 1,230,000 or 123万."),
    "amount_ambiguous": _l("“%(text)s” can be read as more than one amount. Write it with one unit, like 1,230,000 or 1.2亿."),
    "amount_not_positive": _l("The amount must be more than zero."),
    "amount_has_fraction_of_fen": _l("The amount is finer than one fen."),
    "amount_too_large": _l("The amount is over %(most)s, the most that is accepted anywhere."),
}
ADMISSION = {
    "registration_closed": _l("Registration closed at %(registration_closes_at)s."),
    "rules_not_accepted": _l("Accept the rules of the round to ask for a paddle."),
    "no_lot_named": _l("Name at least one lot."),
    "own_lot": _l("Lot %(lot)s is your own: a consignor may not bid on it."),
    "enterprise_not_approved": _l("The enterprise's registration is not approved yet."),
    "deposit_too_late": _l("The bank's value time is %(value_at)s, after the deadline of %(registration_closes_at)s."),
    "paddle_taken": _l("Paddle %(paddle)s belongs to another bidder of this round."),
    "paddle_held": _l("You have a paddle in this round already, or have asked for one."),
    "paddle_number_wrong": _l("A paddle's number is from %(least)s to %(most)s."),
    "paddles_exhausted": _l("Every number up to %(most)s is given out in this round."),
    "paddle_issued": _l("Paddle %(paddle)s is issued already."),
    "paddle_taken_back": _l("This request was refused or its paddle voided, and does not come back."),
    "nothing_covered": _l("The deposit held, %(held)s, covers none of the lots named; %(required)s would be needed."),
    "receipt_recorded": _l("The bank's reference %(reference)s is on record already."),
    "nothing_over": _l("Nothing was received over what is needed, or it went back already."),
    "receipt_in_future": _l("The bank's value time %(value_at)s has not come yet."),
    "paddle_stands": _l("The paddle's bid stands at lot %(lot)s, which has not ended."),
    "paddle_at_sealed_lot": _l(
        "The paddle is admitted to lot %(lot)s, whose sealed offers are not opened yet. Whether it made one must not show, so "
        "it can be voided only after that lot has ended."
    ),
    "already_decided": _l("This registration is %(decided)s already, and that stands."),
    "rename_waits": _l("Another new name of this organisation waits for a decision already."),
    "same_name": _l("That is the name that it has."),
    "reason_needed": _l("Give a reason: whoever is refused something is told why."),
    "credit_code_wrong": _l(
        "“%(text)s” is no unified social credit code: those have 18 digits and letters, without I, O, S, V and Z."
    ),
    "credit_code_unchecked": _l(
        "The last character of “%(text)s” does not check the others. Look again; if it stands so on the licence, say so: your "
        "market then decides."
    ),
    "credit_code_needs_yes": _l(
        "The last character of “%(text)s” does not check the others. Tick that you have seen the licence."
    ),
    "credit_code_taken": _l("An organisation with the credit code %(credit_code)s is registered already."),
}
CONSIGNING = {
    "reserve_closed": _l("Reserves could be sealed until %(reserve_deadline_at)s."),
    "reserve_under_start": _l("A reserve under the start price of %(start)s would have no effect."),
    "no_reserve_announced": _l("This lot was announced without a reserve, and stays so."),
    "stage_forbids": _l("That is not possible any more: the lot is %(stage)s."),
    "listing_closed": _l("Registration in this round closed at %(registration_closes_at)s; no lot can be added to it now."),
    "institute_not_approved": _l("The institute's registration is not approved."),
    "market_takes_no_part": _l("The institute's market takes no part in this round."),
    "result_listed": _l("You have a result of this title in the round already."),
    "terms_missing": _l("The lot needs a start price and an increment."),
    "lot_number_taken": _l("Another lot of the round has the number %(lot)s."),
    "lot_number_wrong": _l("A lot's number is from 1 to %(most)s."),
    "not_sealing_officer": _l("Only the institute's sealing officer may seal a reserve."),
    "no_custody_key": _l("Nothing can be sealed now: this installation has no custody key."),
    "custody_key_not_here": _l("The key that opens this reserve is not on the server now."),
    "reserve_not_awaited": _l("This lot does not wait for its reserve."),
    "not_the_commitment": _l("This is not what was sealed: reserve and salt do not give the commitment that was published."),
}
ROUNDS = {
    "phase_forbids": _l("That is not possible now: the round is %(phase)s."),
    "round_not_due": _l("The round opens at %(opens_at)s; before that two organizers must agree, but for a rehearsal."),
    "registration_open": _l(
        "Registration and deposits are open until %(registration_closes_at)s, as was announced; "
        "the round may open only after that."
    ),
    "round_not_ready": _l("The round cannot be published yet. What is missing or contradicts itself is marked."),
    "children_busy": _l("Others are verifying or exporting just now"),
    "child_too_slow": _l("This takes longer than a page can wait"),
    "load_going": _l("Another round is being loaded. Please try again in a moment."),
    "round_file_wrong": _l("The file cannot be loaded: %(problems)s"),
    "no_such_round": _l("There is no such round."),
    "not_a_demonstration": _l("%(directory)s holds something else than a demonstration; it stays as it is."),
    "slug_taken": _l("Another round has the address name %(slug)s."),
    "slug_on_record": _l("The address name %(slug)s stands in the record of a lot already, and stays."),
    "host_decides": _l("Only an organizer of the round's host market may do this."),
    "custodian_unfit": _l("The custodian is an organizer of the host market, and there is one only under the Auction Law."),
    "market_has_lots": _l("This market has lots in the round and cannot leave it."),
    "reason_missing": _l("Give a reason: it will be public."),
    "never_opened": _l("This lot has not opened, so there is nothing to stop, to prolong or to take back."),
    "not_paused": _l("The lot is not paused, so there is nothing to resume."),
    "rehearsal_while_open": _l("“%(title_zh)s” (%(title_en)s) is open, or opens before the rehearsal would be over."),
    "practice_while_open": _l(
        "“%(title_zh)s” (%(title_en)s) is being sold, or opens in a few minutes. You can practise again when it is over."
    ),
    "rehearsal_going": _l("A rehearsal of this round is going on. Throw it away first, or let it end."),
    "speed_wrong": _l("A rehearsal is %(least)s to %(most)s times faster than the day."),
    "not_rehearsable": _l("That is possible only before the round opens; it is %(phase)s."),
    "hammer_too_early": _l("The hammer cannot fall before %(closes_at)s, nor while the lot is not open."),
}
TWO = {
    "approval_decided": _l("That comes too late: the request is %(decision)s already."),
    "approval_expired": _l("Nobody approved this before %(expires_at)s. Ask again."),
    "approval_own": _l("You asked for this yourself; another must approve it."),
    "approval_same_market": _l("This needs organizers of two markets; somebody of another market must approve it."),
    "supervisor_needed": _l("One market holds this round, so an auditor must approve this, as its supervisor."),
    "approval_stale": _l(
        "Something has changed since this was asked, so nothing was done, and the request is closed. Look again, then ask anew."
    ),
    "lot_not_stopped": _l("Pause the lot first; a bid is voided only while its lot stands still."),
    "no_such_bid": _l("The lot has no bid with number %(seq)s, or it was voided already."),
    "voided_paddle_next": _l(
        "Then a bid of paddle %(paddle)s would stand, which was voided. Void that bid first, and this one after it."
    ),
    "not_sold": _l("Only the outcome of a lot that was sold can be voided."),
    "prolonged_wrong": _l("A lot is prolonged by a minute at least and a day at most."),
    "no_such_paddle": _l("No paddle %(paddle)s was issued in this round."),
}
HANDOFF = {
    "case_not_accepted": _l("Accept the case before you record its steps."),
    "case_taken": _l("A manager has accepted this case already."),
    "case_closed": _l("This case is closed."),
    "case_unfinished": _l("The case cannot be closed before this step is done: %(step)s."),
    "step_outside_case": _l("The day must be from %(hammer_on)s, when the hammer fell, to %(today)s."),
    "step_done": _l("This step is on record already: %(step)s."),
    "step_too_early": _l("“%(first)s” must come before “%(step)s”."),
    "no_such_step": _l("This case has no such step."),
    "books_differ": _l("The settlement kept for lot %(lot)s is not what its record comes to. Verify the record."),
    "settlement_owed": _l("Lot %(lot)s was sold just now, and its settlement is on its way. Try again in a moment."),
}
ACCOUNTS = {
    "sign_in_refused": _l("The name or the password is not right."),
    "too_many_tries": _l("Too many wrong passwords. Wait %(minutes)s minutes, then try again."),
    "password_wrong": _l("This is not your present password."),
    "password_too_short": _l("A password has at least %(least)s characters."),
    "password_too_long": _l("A password has at most %(most)s characters."),
    "password_is_name": _l("The password may not be the sign-in name."),
    "sign_in_name_unfit": _l("A sign-in name has at least three small letters or digits, with . _ @ + - between them."),
    "sign_in_name_taken": _l("Somebody else signs in as %(sign_in_name)s."),
    "organisation_needed": _l("Name the organisation that this user belongs to."),
    "market_needed": _l("Name the market that this user belongs to."),
    "nothing_special": _l("A day from Monday to Friday can only be a day off, and a Saturday or Sunday only a working day."),
    "special_day_known": _l("%(day)s is a special day already."),
    "own_account": _l("You cannot disable the account that you are using."),
    "no_such": _l("There is no such thing, or it is not yours to see."),
}
SENTENCES: dict[str, LazyString] = {
    **BIDDING,
    **RIGHTS,
    **API,
    **AMOUNTS,
    **ADMISSION,
    **CONSIGNING,
    **ROUNDS,
    **TWO,
    **HANDOFF,
    **ACCOUNTS,
}
_MEMBERS: dict[str, type[StrEnum]] = {
    "stage": Stage,
    "phase": Phase,
    "step": Step,
    "first": Step,
    "decided": Decision,
    "decision": approval.Decision,
}


def say(refusal: Refusal) -> str:
    """Return the refusal's sentence in the reader's language."""
    return str(SENTENCES[refusal.code]) % {name: _written(name, fact) for name, fact in refusal.facts.items()}


def _written(name: str, fact: Fact) -> str:
    if isinstance(fact, datetime):
        return fact.astimezone(SHANGHAI).strftime("%Y-%m-%d %H:%M:%S")
    member = next((each for each in _MEMBERS.get(name, ()) if each.value == fact), None)
    return str(fact) if member is None else word_within(member)
