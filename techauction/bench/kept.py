"""Whether the database kept exactly what was acknowledged."""

from sqlalchemy import select
from sqlalchemy.orm import sessionmaker

from techauction.bench.failure import Miscounted
from techauction.bench.instance import SLUG, Instance
from techauction.bench.load import Seen
from techauction.core.record import Kind
from techauction.core.replay import replay
from techauction.db import make_engine
from techauction.services.record import name_of
from techauction.store.consigning import LotRow
from techauction.store.record import RecordRow


def check(instance: Instance, seen: Seen) -> None:
    """Replay the lots' records by the rules, and compare their bids with those that were acknowledged.

    :raises Miscounted: a gap, a broken chain, an unlawful bid; a bid lost, doubled, or never acknowledged
    """
    engine = make_engine(instance.settings().database_url)
    with sessionmaker(engine)() as session:
        faults: list[str] = []
        kept: set[tuple[int, int, int]] = set()
        for lot_id in instance.lot_ids:
            lot = session.get_one(LotRow, lot_id)
            rows = session.scalars(select(RecordRow).where(RecordRow.lot_id == lot.id).order_by(RecordRow.seq)).all()
            assert lot.number is not None
            name = name_of(SLUG, lot.number)
            found = replay(name, ((row.to_core(name), row.prev_hash, row.hash) for row in rows))
            faults += [str(each) for each in found.violations]
            if (lot.seq, lot.head_hash, lot.bids) != (found.seq, found.head, found.bids):
                faults.append("the lot's row is not where its record ends")
            kept |= {(lot_id, row.seq, row.amount.minor) for row in rows if row.kind is Kind.BID and row.amount is not None}
    engine.dispose()

    acknowledged = set(seen.acknowledged)
    if len(acknowledged) != len(seen.acknowledged):
        faults.append("a place in the record was acknowledged twice")
    if lost := acknowledged - kept:
        faults.append(f"{len(lost)} acknowledged bids are not in the record")
    unsettled = set(seen.unsettled)
    if more := [bid for bid in kept - acknowledged if (bid[0], bid[2]) not in unsettled]:
        faults.append(f"{len(more)} bids of the record were never acknowledged")
    if faults:
        raise Miscounted("; ".join(faults[:5]))
