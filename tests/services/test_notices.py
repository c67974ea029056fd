from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker

from techauction.services.notices import notify
from techauction.store.notices import NoticeRow
from tests.builders import a_round, a_user
from tests.conftest import TEN


def test_each_user_is_told_once(sessions: sessionmaker[Session]) -> None:
    with sessions() as session:
        first, second = a_user(session), a_user(session)

        notify(session, user_ids=[second.id, first.id, second.id], what="case_opened", facts={"lot_id": 1}, now=TEN)

        kept = session.scalars(select(NoticeRow).order_by(NoticeRow.id)).all()
        assert [(each.user_id, each.what, each.facts, each.sent_at) for each in kept] == [
            (first.id, "case_opened", {"lot_id": 1}, None),
            (second.id, "case_opened", {"lot_id": 1}, None),
        ]


def test_a_notice_to_nobody_is_no_notice(sessions: sessionmaker[Session]) -> None:
    with sessions() as session:
        notify(session, user_ids=[], what="case_opened", facts={}, now=TEN)

        assert session.scalars(select(NoticeRow)).all() == []


def test_of_a_copy_nobody_is_told(sessions: sessionmaker[Session]) -> None:
    with sessions() as session:
        user, real = a_user(session), a_round(session, slug="joint")
        a_round(session, slug="rehearsal-joint", copy_of_id=real.id, rehearsal=True, synthetic=True)

        for slug in ("rehearsal-joint", "joint"):
            notify(session, user_ids=[user.id], what="round_closed", facts={"slug": slug}, now=TEN)

        assert session.scalars(select(NoticeRow.facts)).all() == [{"slug": "joint"}]
