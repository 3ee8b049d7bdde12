"""A world keeps the texts of the people who ask at a time, however many live there."""

from __future__ import annotations

from ptool.environments.world import World


def test_what_is_written_for_users_is_kept_for_the_last_ones_only(world: World) -> None:
    (user,) = world.users
    people = [world.profile(user).model_copy(update={"id": f"u{n:04}"}) for n in range(1_000)]
    crowded = World(world.scenario, profiles=people)
    for each in (*people, *people):
        assert crowded.profile_text(each.id, "basic") == world.profile_text(user, "basic")
        assert crowded.history_text(each.id) == "{}"
        assert crowded.conflict_pattern(each.id) == world.conflict_pattern(user)
    assert max(len(crowded._texts), len(crowded._conflict_patterns)) <= 256
