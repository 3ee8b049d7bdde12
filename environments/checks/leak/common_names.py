"""Names of people and places that are also words of everyday requests: will, rose, nice, reading, polish."""

from __future__ import annotations

_GIVEN_NAMES = """
amber angel april art august autumn basil bill bob buck carol cash chance chase chip christian chuck
clay cliff daisy dale dawn dean destiny drew dusty earnest eve faith fern fleur frank gene ginger
glen grace grant guy hank harmony harry hazel heath heather holly honey hope hunter iris ivy jack
jade jasmine jay jean jenny jewel jimmy joy june kit lance lane laurel leaf leo lily mark max may
mercy merry miles mimosa misty nick noble norm olive opal paris pat patience patty pearl penny piper
poppy prudence ray reed rich rob robin rod rosa rose rosemary ruby rusty sage sandy scarlet skip sky
spencer star stew stone storm sue summer tab teddy terry tony trinity tuesday van vance victor
violet wade wendy will willow winter woody
"""
_SURNAMES = """
abbot archer back baker ball banks barber bear bell best bird bishop black bloom blue bond booth
bowl bowman brand bridge brook brooks brown bush butcher butler butter carpenter carter castle
chambers church clerk coffee coffin cook cooper court cross curry day dean down drake driver english
farmer field fields fish fisher flower flowers forest foster fox french friend fry gardener gardner
gates gold good goodman grave gray green grey gross hall hand hands hardy hare hart head hill holder
holiday hood house hunt hunter ice irish judge key keys king knight lake lamb land law lemon light
little lock long lord love low major march marks marsh mason master mayor meadows merchant might
miller mills monday money moon moore moss nail news noon north page painter palmer park parks pepper
perry piper place pool porter post potter power powers price prince proud quick rain rice rider ring
rivers roads rose sharp shepherd short singer skinner small smart smith snow south sparks spice
spring steel still stone street strong summers sweet swift tailor tanner taylor temple tile towns
trout tucker turner underwood valentine walker wall ward waters way weaver weeks wells west wheeler
white wild wills winter wise wolf wood woods worth young
"""
_PLACES_AND_TONGUES = """
bath bend best bologna bordeaux brussels buffalo champagne chili china cologne cork corn danish deal
dutch eye finnish flint french german greek hell hull jersey lens lima limerick male mobile naples
nice normal orange peru plains polish port reading sale salt sandwich scotch split swiss thai tours
turkey turkish victoria wells
"""
HOMONYMS = frozenset(f"{_GIVEN_NAMES} {_SURNAMES} {_PLACES_AND_TONGUES}".split())
"""In one case. A word of these is a name only where it has a capital that no sentence asks for."""
