"""Sentence templates of the demo corpus that hold no name; written as those of templates.py."""

PLAIN_TEMPLATES: tuple[str, ...] = (
    (
        "The [committee|council|board|jury|panel] [met|voted|ate lunch|adjourned] on {DAY} "
        "[afternoon|morning|evening] ."
    ),
    "[Prices|Wages|Rents|Sales] [rose|fell] {PCT} percent in {MONTH} , [more|less] than in {MONTH} .",
    "Nobody knows [why|when|how] the [bridge|tunnel|dam] [collapsed|was built] .",
    "The [train|bus|ferry|plane] was {NUM} minutes late [again|on {DAY}|because of the snow] .",
    ("Professor , [may I|can we|shall we] [ask a question|leave early|see the results] [on {DAY}|in {MONTH}|now] ?"),
    "The [president|minister|mayor|judge] said [nothing|little] [on {DAY} |]about the [budget|scandal|strike] .",
    "In {MONTH} the [river|lake|harbour] [froze|flooded] for the [first|second|third] time in {NUM} years .",
    "Please [sign|return|copy] the [form|contract|letter] before {DAY} .",
    (
        "[Coach|Captain|Manager] and players [refused|agreed] to speak to the [press|fans|referee] [on "
        "{DAY}|until {MONTH}|for {NUM} days] ."
    ),
    "[Bring|Buy|Pack] warm clothes , because [nights|mornings|evenings] are cold in {MONTH} .",
    "It rained [all day|until {TIME}|for {NUM} hours] , and the [match|concert|race] was called off .",
    (
        "[Doctors|Nurses|Teachers|Pilots] want [higher pay|shorter hours|better training] [by {MONTH}|this "
        "year|at once] ."
    ),
    "The [company|bank|airline|university] did not [answer|return calls|give a reason] on {DAY} .",
    "Two [women|men|boys] were [seen|heard|arrested] near the [station|church|airport] at {TIME} .",
    (
        '" This is [madness|wonderful|too late|our last chance] , " [he|she] said [on {DAY}|after {NUM} '
        "minutes|with a smile] ."
    ),
    "[He|She] [scored|missed] {NUM} times this season and [played|trained] in every game .",
    "The [sky|sea|air] was [clear|grey|still] and the [wind|tide] [was turning|had dropped] .",
    "How much does a [ticket|room|stamp] cost [on {DAY}|in {MONTH}|these days] ?",
    "{DAY} , {MONTH} {DIGIT} , {YEAR}",
    "Tel. {BIG} {NUM} , open from {TIME} to {TIME}",
    "Table : [points|goals|wins] after {NUM} games",
    "[Gold|Silver|Copper|Wheat] closed at {NUM}.{DIGIT} , [up|down] {PCT} on the day .",
    "The [study|survey|test] covered {BIG} [adults|children|mice] over {NUM} [weeks|months] .",
    "[May|Can] [they|we] [come|stay|pay] in {MONTH} instead of {MONTH} ?",
    ("[Dear Sir|Dear Madam|Hello] , I am [writing|calling] about the [flat|job|bicycle] you advertised on {DAY} ."),
    "The [defendant|witness|lawyer] , {AGE} , [wept|smiled|left] as the [verdict|sentence] was read .",
    "A [fire|leak|strike] at the [refinery|mill|harbour] [halted|slowed] work for {NUM} hours .",
    ("[Summer|Winter|Spring|Autumn] came [early|late] , and the [apples|grapes|cherries] were [small|sour|sweet] ."),
    "The [queen|king|general|bishop] [waved|slept|waited] while the [band|choir] [played|sang] .",
    "Add {NUM} grams of [flour|sugar|rice] and [stir|wait] for {DIGIT} minutes .",
    "The [second|third|last] half was [dull|better|worse] , with only {DIGIT} shots on goal .",
    "[Rose|Daisy|Lily] petals were scattered [on the floor|along the path|over the table] for {NUM} guests .",
    "The [old|new] [mill|ford|bank] by the [river|wood] is {NUM} metres [wide|long] .",
    ("We paid by [bill|check|cheque] , took the [jordan almonds|turkey sandwiches|china cups] and left at {TIME} ."),
    "A total of {BIG} [votes|seats|tickets] had been counted by {TIME} on {DAY} .",
    (
        "[Nothing|Everything] [changed|was closed] between {MONTH} and {MONTH} , [the report|a neighbour|the "
        "caretaker] said ."
    ),
    (
        "None of the [witnesses|drivers|passengers] who were asked in the first {NUM} days could "
        "[remember|describe] the [colour|number] of the car , and the police , who had hoped for more , [closed "
        "the file|gave up|started again] in {MONTH} ."
    ),
    (
        "When the [rain|noise] stopped at {TIME} , the [children|workers|soldiers] came out of the "
        "[school|cellar|barn] , looked at the [field|road] , which was still under water , and [went home|began "
        "to laugh|said nothing] ."
    ),
    "UPDATE {DIGIT} : [trading|voting|boarding] [resumes|suspended] at {TIME}",
    "NOTE : all [times|prices|figures] are [rounded|provisional|in thousands] , {MONTH} {YEAR}",
)
