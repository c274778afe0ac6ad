"""Words in the names of files that do not name an instrument: kinds of data, sides, parts, times, numbers."""

from __future__ import annotations

from typing import Final

NEUTRAL: Final = frozenset(
    """
    a an the of and or to from in on at by for with new old copy kopie copia final raw clean cleaned full all
    data dataset file files sample test train example my out output input export exported download archive part
    parts chunk chunks piece batch block section split page no nr num number id hash row rows line lines c
    snappy gzip zstd trade trades tick ticks print prints fill fills execution executions exec execs transaction
    transactions deal deals tape time sales quote quotes book books orderbook order orders ob depth level levels
    lvl snapshot snapshots snap snaps update updates upd delta deltas diff diffs change changes event events
    message messages log logs l mbo mbp bbo tbbo top best nbbo incremental aggregated agg aggs partial
    depthupdate buy buys buyer buyers sell sells seller sellers bid bids ask asks offer offers side sides up
    down both left right public market history historical hist tickdata marketdata feed stream ws rest api csv
    json parquet utc gmt est edt cet cest local exchange am pm day days week weeks month months year years date
    dates hour hours min minute minutes sec second seconds ms us ns daily weekly monthly yearly hourly today
    yesterday jan feb mar apr may jun jul aug sep sept oct nov dec january february march april june july august
    september october november december mon tue wed thu fri sat sun monday tuesday wednesday thursday friday
    saturday sunday morning afternoon evening night midday noon early late before after first third fourth fifth
    last next previous one two three four five six seven eight nine ten i ii iii iv v vi vii viii ix x begin
    beginning start middle end more less high low open close other another extra again same main primary
    secondary backup dup duplicate original foo bar baz alpha beta gamma tmp temp big small long short head tail
    inner outer plain packed zipped unzipped recorder recorders rec host server node worker shard whole half
    combined merged
    """.split()  # noqa: SIM905 - a list of words is read as words
)
