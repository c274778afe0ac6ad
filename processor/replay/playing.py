"""Playing on: the events of a moment, their publication, and the wait for the next."""

from __future__ import annotations

from typing import TYPE_CHECKING

from processor.core.events import END_OF_TIME

if TYPE_CHECKING:
    from processor.replay.playback import Playback


def play_on(playback: Playback) -> None:
    """Take in the events of a moment, publish, and wait for the next."""
    loop_ns = playback.loop_ns
    target_ns = playback.pacing.target_ns(min(playback.limit_ns, loop_ns[1] if loop_ns else END_OF_TIME))
    reached, closed = playback.play_to(target_ns)
    if not reached:
        # The machine cannot follow: the event clock goes on from where the events are.
        playback.anchor()
    if loop_ns and (playback.now_ns >= loop_ns[1] or playback.player.next_ns() is None):
        playback.go_to(loop_ns[0])
        playback.anchor()
        playback.publish("playing", whole=True)
    elif not playback.at_end():
        playback.publish("playing", bar_closed=closed)
    if playback.pacing.is_timed:
        playback.sleep(playback.due_in_ns)


def play_on_meanwhile(playback: Playback) -> None:
    """The same while a command finds something out; a replay that is paused or at its end only shows that it lives.

    What the command would be undone to moves on with it.

    Raises:
        Interrupted: a stop is requested, or a newer command waits.
        DatasetError: the dataset that plays cannot be read further, or has changed.
    """
    playback.check()
    playback.give_way()
    playback.follow_requests()
    if playback.paused or playback.at_end():
        playback.publish(playback.resting_state())
    else:
        play_on(playback)
    playback.remember()
