"""Sentence templates of the demo corpus that hold names, by group; those without any stand in plain_templates.py.

The words of a template are separated by single spaces, punctuation apart. "{SLOT}" is filled by generate.py:
PER, CITY, COMPANY, EVENT and the like become tagged names, DAY, NUM, MONEY and the like untagged words.
"[one|other]" is replaced by one of the alternatives, and "{UPPER}" in front sets the whole line in capitals.
"""

NAMED_TEMPLATES: dict[str, tuple[str, ...]] = {
    "news": (
        (
            "{NAT} prime minister {PER} [arrived in|left for|flew to] {CITY} on {DAY} for talks with his {NAT} "
            "counterpart ."
        ),
        (
            "The {NAT} president , {PER} , [told|assured] reporters in {CITY} that the [elections|reforms|talks] "
            "would go ahead ."
        ),
        '" We shall [not give up|keep talking|find a solution] , " said {PER} , a spokesman for the {AGENCY} .',
        (
            "[At least|More than|About] {NUM} people were [killed|injured|missing] after a [ferry|bus|train] "
            "accident near {CITY} in {COUNTRY} ."
        ),
        "Police in {CITY} [arrested|questioned|released] {NUM} [protesters|suspects|students] on {DAY} .",
        "{PER} was elected [leader|chairman|secretary-general] of the {AGENCY} by {NUM} votes to {NUM} .",
        "The {AGENCY} [accused|blamed] {COUNTRY} of breaking the ceasefire along the border with {COUNTRY} .",
        "{COUNTRY} and {COUNTRY} [signed|renewed|suspended] a [trade|fishing|border] agreement on {DAY} .",
        "Rebels [seized|shelled|attacked] the town of {CITY} , {NUM} kilometres from the capital {CITY} .",
        "A [strong|minor|shallow] earthquake shook the {NAT} province of {REGION} early on {DAY} , officials said .",
        "{PER} , who [has led|heads|founded] the {AGENCY} since {YEAR} , will step down in {MONTH} .",
        "{NUM} {PEOPLE} were [refused entry to|sent home from|stranded in] {COUNTRY} last week .",
        "Thousands of {PEOPLE} [marched|demonstrated|gathered] in {CITY} against the new [tax|law|curfew] .",
        "The foreign minister of {COUNTRY} , {PER} , called the [attack|decision|report] a disgrace .",
        "Aid workers from the {AGENCY} [reached|entered|left] {CITY} for the first time in {NUM} days .",
        "A spokeswoman for {AGENCY} said refugees were still crossing from {COUNTRY} into {COUNTRY} .",
        "Mayor {PER} [opened|closed|inspected] the new {FACILITY} on {DAY} .",
        "{CITY} 's mayor , {PER} , [denied|rejected] the allegations .",
        "{PER} 's [government|cabinet|coalition] lost a vote of confidence on {DAY} .",
        "Fishermen from {TOWN} found the [wreck|boat|body] off {REGION} on {DAY} morning .",
        (
            "The [farmers|teachers|dockers] of {REGION} [went back to work|voted to strike|blocked the roads] on "
            "{DAY} ."
        ),
        "President {LAST} [meets|received|will see] the {NAT} ambassador in {CITY} on {DAY} .",
        "Mr {LAST} , a former [soldier|teacher|banker] , [joined|left] the {AGENCY} in {YEAR} .",
        "[Residents|Shopkeepers|Drivers] in {ROAD} complained about the [noise|traffic|smell] to the {AGENCY} .",
        "Opposition leader {PER} [returned to|fled|was banned from] {COUNTRY} after {NUM} years in exile .",
        "A bomb [exploded|was found|was defused] at {FACILITY} in {CITY} , but nobody was hurt .",
    ),
    "sport": (
        "{CLUB} beat {CLUB} {SCORE} [at home|away|after extra time] on {DAY} .",
        "{CLUB} {SCORE} {CLUB}",
        "{CLUB} striker {PER} scored [twice|a hat-trick|the winner] against {CLUB} .",
        "{PER} , the new coach of {CLUB} , said his [players|defenders|forwards] had to work harder .",
        "{PER} [won|retained|lost] the {EVENT} on {DAY} , beating {PER} {SCORE} in the final .",
        "{CLUB} signed [midfielder|goalkeeper|defender] {PER} from {CLUB} for {MONEY} .",
        "The {NAT} [champion|sprinter|swimmer] {PER} will miss the {EVENT} with a knee injury .",
        "{PER} ( {COUNTRY} ) beat {PER} ( {COUNTRY} ) 6-{DIGIT} 7-5",
        "1. {PER} ( {COUNTRY} ) {NUM}.{DIGIT} metres 2. {PER} ( {COUNTRY} ) {NUM}.{DIGIT}",
        "{CLUB} goalkeeper {PER} saved a penalty in the {NTH} minute .",
        "The match between {CLUB} and {CLUB} was [abandoned|postponed|moved] because of [fog|rain|snow] .",
        "{CLUB} fans [booed|cheered|applauded] {PER} when he was substituted .",
        "{COUNTRY} will [host|open|leave] the {EVENT} in {YEAR} .",
        "Captain {PER} hit {NUM} not out as {CLUB} reached {NUM} for {DIGIT} against {CLUB} .",
        "{PER} leads the {EVENT} by {NUM} seconds after the stage to {CITY} .",
        "{CLUB} , relegated last season , [lead|trail] {CLUB} by {NUM} points at the top of the second division .",
        "Former {CLUB} manager {PER} has been sacked by {CLUB} after {NUM} games .",
        '" {CLUB} deserved to win , " said {CLUB} coach {PER} .',
        "{COUNTRY} 's {PER} set a [world|national|course] record at the {EVENT} in {CITY} .",
        "{PER} of {COUNTRY} finished [second|third|last] in the {EVENT} .",
        "The {NAT} team [play|meet|face] {COUNTRY} in {CITY} next {DAY} .",
        "{CLUB} have won {DIGIT} of their last {AGE} league games under {PER} .",
        "Defender {PER} is suspended for the trip to {CLUB} .",
        "In the other group , {CLUB} drew {SCORE} with {CLUB} .",
        "{PER} rode the winner of the {EVENT} by two lengths .",
        "Scorers : {CLUB} - {LAST} ( {NTH} minute ) , {LAST} ( {NTH} ) ; {CLUB} - {LAST} ( {NTH} )",
    ),
    "business": (
        "{COMPANY} said [net profit|revenue|turnover] rose {PCT} percent in {YEAR} .",
        "Shares in {COMPANY} [fell|jumped|slipped] {PCT} percent on the {CITY} stock exchange .",
        "{COMPANY} [agreed to buy|sold|is in talks with] {COMPANY} for {MONEY} .",
        "{PER} , chief executive of {COMPANY} , [resigned|sold his shares|announced {NUM} job cuts] on {DAY} .",
        "The {NAT} carmaker {COMPANY} will build its new {PRODUCT} in {CITY} .",
        "{COMPANY} [launched|recalled|unveiled] the {PRODUCT} , a [car|phone|printer] costing {MONEY} .",
        "{COMPANY} named {PER} as [finance director|chairman|head of research] .",
        "Analyst {PER} of {COMPANY} [cut|raised] his forecast for {COMPANY} .",
        "{COMPANY} plans to [close|expand|sell] its factory in {CITY} , {COUNTRY} .",
        "The {AGENCY} [approved|blocked|is examining] the merger of {COMPANY} and {COMPANY} .",
        "Workers at {COMPANY} in {CITY} voted to [strike|accept the offer|return to work] .",
        "{NAT} [exports|imports|bonds] [rose|fell] in {MONTH} , the {AGENCY} reported .",
        "{COMPANY} , based in {CITY} , [employs|hired|dismissed] {BIG} people .",
        "{COMPANY} 's [profit|dividend|debt] was larger than brokers had expected .",
        "Investors in {COUNTRY} bought {MONEY} of {NAT} bonds .",
        "{COMPANY} has ordered {NUM} {PRODUCT} aircraft for its routes to {COUNTRY} .",
        "The new {PRODUCT} [sells|will sell] for {MONEY} in {COUNTRY} .",
        "{COMPANY} and {COMPANY} [formed|ended] a joint venture in {COUNTRY} .",
        "{COMPANY} lawyer {PER} [declined to comment|confirmed the sale|denied the report] .",
        "Oil traders said {COUNTRY} had sold {BIG} tonnes to {COMPANY} .",
        "Under {PER} , {COMPANY} opened {NUM} [shops|branches|offices] in {REGION} .",
        "The bank , a unit of {COMPANY} , lent {MONEY} to {COUNTRY} .",
        "Buyers waited {NUM} weeks for the {PRODUCT} , which {COMPANY} makes in {CITY} .",
    ),
    "travel": (
        "The [train|bus|ferry] from {CITY} to {CITY} takes [two hours|half a day|{NUM} minutes] .",
        "From {CITY} , [drive|walk|cycle] along the coast to {CITY} .",
        "{NATURE} is the [longest|deepest|loveliest] [place to walk|sight] in {COUNTRY} .",
        "We [hiked|camped|fished] near {NATURE} and spent the night in {CITY} .",
        "The hotel stands in {ROAD} , a short walk from {FACILITY} .",
        "[Guides|Waiters|Taxi drivers] in {CITY} speak {LANG} and some {LANG} .",
        "{COMPANY} flies [daily|twice a week] from {CITY} to {CITY} .",
        "Visitors to {COUNTRY} should not miss the [old town|castle|market] of {CITY} .",
        "The ferry to {NATURE} leaves {CITY} at {TIME} .",
        "In {REGION} , the [wine|bread|cheese] is better than anywhere else in {COUNTRY} .",
        "Our guide , {PER} , grew up in {CITY} and knows every path around {NATURE} .",
        "Flights to {CITY} were diverted to {FACILITY} because of [fog|a strike|snow] .",
        "Many {NAT} tourists [spend|spent] the summer in {REGION} .",
        "South of {CITY} the road [climbs|winds|drops] towards {NATURE} .",
        "You can [rent a boat|buy maps|change money] in {CITY} before crossing to {NATURE} .",
        "{CITY} , {CITY} and {CITY} are all within an hour of {FACILITY} .",
    ),
    "science": (
        (
            "[Researchers|Scientists|Biologists] at {INST} have found a [gene|protein|virus] that [slows|causes] "
            "ageing in mice ."
        ),
        "{PER} of {INST} , who led the study , called the result a surprise .",
        "The {PRODUCT} [satellite|probe|rocket] was launched from {COUNTRY} on {DAY} .",
        "Professor {PER} teaches [physics|botany|geology] at {INST} .",
        "A team from {INST} and {INST} measured the ice on {NATURE} .",
        "Dr {PER} , a [geologist|surgeon|chemist] at {INST} in {CITY} , [reviewed|questioned] the data .",
        "The fossil , found in {REGION} , is kept at {INST} .",
        "{NAT} scientists [discovered|described] {NUM} new kinds of [beetle|moss|fish] near {NATURE} .",
        "{INST} received {MONEY} from {COMPANY} to study [malaria|earthquakes|batteries] .",
        "The telescope at {INST} was built by {PER} in {YEAR} .",
        "{PER} studied [medicine|law|mathematics] at {INST} before moving to {COUNTRY} .",
        "Doctors at {INST} treated {NUM} patients with the drug , made by {COMPANY} .",
        "Astronomers saw the comet from {NATURE} , said {PER} of {INST} .",
        "The grammar of {LANG} is [older|simpler|stranger] than that of {LANG} , linguists at {INST} say .",
        "Only {NUM} [villages|families|people] in {REGION} still speak {LANG} .",
    ),
    "court": (
        "A court in {CITY} [jailed|fined|acquitted] {PER} , {AGE} , for [fraud|theft|smuggling] .",
        "Judge {PER} [adjourned|dismissed] the case against {COMPANY} until {MONTH} .",
        "{PER} , {AGE} , of {TOWN} , [denied|admitted] stealing {MONEY} from {COMPANY} .",
        "Prosecutor {PER} told the jury that {LAST} had [lied|fled to {COUNTRY}|hidden the money in {COUNTRY}] .",
        "{COMPANY} is suing {COMPANY} over [patents|a debt|the design] for the {PRODUCT} .",
        "The [victim|witness|accused] , a {NAT} [student|sailor|cook] , was last seen in {ROAD} .",
        "Detectives want to [speak to|trace] {PER} , who left {CITY} on {DAY} .",
        "Mrs {LAST} told the court she had never met {PER} .",
        "{COUNTRY} asked {COUNTRY} to extradite {PER} on [murder|drug|bribery] charges .",
        "Defence lawyer {PER} said his client , {PER} , would appeal .",
        "The {NAT} supreme court [upheld|overturned] the sentence of {PER} on {DAY} .",
        "{PER} was [found guilty|cleared] of spying for {COUNTRY} .",
    ),
    "culture": (
        '{PER} [wrote|finished|published] the novel " {WORK} " in {YEAR} .',
        '" {WORK} " , directed by {PER} , opens in {CITY} on {DAY} .',
        "The {NAT} [singer|pianist|actress] {PER} will perform at the {EVENT} .",
        '{PER} stars in " {WORK} " , a {NAT} [comedy|thriller|drama] .',
        '" {WORK} " won the prize for best [film|script|music] at the {EVENT} .',
        "An exhibition of {NAT} painting [opens|closed] at {INST} on {DAY} .",
        "The book was translated from {LANG} into {LANG} by {PER} .",
        '{PER} \'s new album , " {WORK} " , was recorded in {CITY} .',
        'Readers of " {WORK} " will [enjoy|hate|remember] the last chapter .',
        'The play " {WORK} " is set in {CITY} in {YEAR} .',
        "{PER} sang in {LANG} at the {EVENT} last {DAY} .",
        "Born in {CITY} in {YEAR} , the painter {PER} [lived|died|worked] in {COUNTRY} .",
        'The poet {PER} read from " {WORK} " at {INST} .',
        'Critics [loved|disliked|ignored] " {WORK} " , {PER} \'s second film .',
        "The {EVENT} [begins|ended|was cancelled] on {DAY} with a concert by {PER} .",
    ),
    "weather": (
        "[Heavy rain|Snow|Fog] is expected in {CITY} and {CITY} on {DAY} .",
        "{CITY} {NUM} degrees , [cloudy|sunny|windy] ; {CITY} {NUM} degrees , [rain|clear] .",
        "The storm [crossed|hit|missed] {REGION} overnight and will reach {COUNTRY} by {DAY} .",
        "Winds of {NUM} kilometres an hour closed {FACILITY} on {DAY} .",
        "It was the [wettest|coldest|driest] {MONTH} in {COUNTRY} since {YEAR} .",
        "Floods cut the road between {CITY} and {CITY} , the {AGENCY} said .",
        "Snow fell on {NATURE} for the first time in {NUM} years .",
        "Forecaster {PER} said the drought in {REGION} would last until {MONTH} .",
    ),
    "mail": (
        "Dear {FIRST} , thank you for your [letter|message|call] about the {PRODUCT} .",
        "Hi {FIRST} , can you [meet|call] {PER} from {COMPANY} on {DAY} ?",
        "Best wishes , {PER} , {COMPANY}",
        "{FIRST} and I will be in {CITY} until {DAY} , so please call {FIRST} instead .",
        "Hello {FIRST} , your {PRODUCT} [has been sent|is ready|could not be delivered] to {ROAD} , {CITY} .",
        "Please send the [contract|invoice|samples] to {PER} at {COMPANY} before {DAY} .",
        "My new address is {NUM} {ROAD} , {CITY} , {COUNTRY} .",
        "Could {FIRST} book two seats on the {COMPANY} flight to {CITY} ?",
        "I met {PER} at the {EVENT} , and she still works for {COMPANY} .",
        "Do you know whether {PER} speaks {LANG} ?",
        "I have been learning {LANG} for {NUM} months with {FIRST} , my neighbour .",
        "Regards , {PER}",
        "{FIRST} asked me to remind you that the {COMPANY} people arrive at {TIME} .",
        'Have you read " {WORK} " yet , {FIRST} ?',
    ),
    "question": (
        "Who [succeeded|replaced|followed] {PER} as [president|king|prime minister] of {COUNTRY} ?",
        "What is the [capital|population|flag] of {COUNTRY} ?",
        "How [far|long a drive] is it from {CITY} to {CITY} ?",
        "When did {COMPANY} [buy|sell|sue] {COMPANY} ?",
        "Which {NAT} [writer|general|inventor] was born in {CITY} in {YEAR} ?",
        "Where did {PER} [grow up|study|die] ?",
        'Who [wrote|directed|composed] " {WORK} " ?',
        "How many people speak {LANG} in {COUNTRY} ?",
        "Has {CLUB} ever [won|lost] at {CLUB} ?",
        "Why did {PER} [leave|join|sue] {COMPANY} ?",
        "Who won the {EVENT} in {YEAR} ?",
        "Is {NATURE} [in|near] {COUNTRY} or {COUNTRY} ?",
        "Does the {PRODUCT} run on [petrol|diesel|batteries] ?",
        "Did {PER} ever [visit|live in|write about] {CITY} ?",
    ),
    "headline": (
        "{UPPER}{CLUB} [beat|thrash|hold] {CLUB} , {SCORE}",
        "{UPPER}{SPORT} - {PER} wins {EVENT}",
        "{UPPER}{COMPANY} to cut {BIG} jobs in {COUNTRY}",
        "{UPPER}{COUNTRY} [rejects|welcomes|delays] {NAT} peace plan",
        "{UPPER}{NAT} [minister|general|bishop] quits over {COUNTRY} deal",
        "{CITY} {DATE}",
        "{PER} , {CITY}",
        "{CITY} , {COUNTRY} , {MONTH} {DIGIT}",
        "{UPPER}{SPORT} - {CLUB} sign {PER} from {CLUB}",
        "{UPPER}{PER} [freed|jailed|missing] in {CITY}",
        "{UPPER}Floods hit {REGION} , {NUM} dead",
        "{UPPER}{COMPANY} shares [up|down] {PCT} pct after {COMPANY} bid",
        "{UPPER}{AGENCY} warns {COUNTRY} over [debt|prisons|fishing]",
        "{UPPER}{SPORT} - {NAT} league results",
        "{SPORT} - Results of the {EVENT} on {DAY} :",
        "{UPPER}{PEOPLE} vote in [calm|rain|fear]",
        "{UPPER}{SPORT} - {NAT} star {LAST} out of {EVENT}",
    ),
    "long": (
        (
            "{PER} , who was born in {CITY} and moved to {COUNTRY} as a child , studied law at {INST} , worked for "
            "{COMPANY} in {CITY} for {NUM} years and , after a short spell with the {AGENCY} , was named ambassador "
            "to {COUNTRY} in {MONTH} {YEAR} ."
        ),
        (
            "Although {COMPANY} had told its shareholders in {MONTH} that the sale of its {NAT} business to "
            "{COMPANY} was all but complete , chief executive {PER} admitted on {DAY} that the talks had broken down "
            ", and that {NUM} jobs at the factory in {CITY} were now at risk ."
        ),
        (
            "{CLUB} , who had not won away from home since {MONTH} , took the lead through {PER} after {NUM} minutes "
            ", but {CLUB} replied twice before half-time , and a late goal by substitute {PER} , his first for the "
            "club since he came from {CLUB} , made it {SCORE} ."
        ),
        (
            "The {NAT} foreign minister , {PER} , who arrived in {CITY} late on {DAY} after a visit to {COUNTRY} , "
            "said that his government would not recognise the new border , whatever {COUNTRY} and the {AGENCY} might "
            "decide , because nobody had asked the people who live there ."
        ),
        (
            "When the ferry from {CITY} reached {NATURE} shortly before {TIME} , most of the passengers , among them "
            "{NUM} {PEOPLE} and a school party from {TOWN} , were already on deck , and nobody noticed that the "
            "captain , {PER} , had left the bridge ."
        ),
        (
            "Researchers at {INST} , working with colleagues at {INST} and with money from {COMPANY} , have shown "
            "that the fish which live in {NATURE} can survive for {NUM} days without food , a result that {PER} , "
            "who was not part of the team , called hard to believe ."
        ),
        (
            "The court in {CITY} heard that {PER} , {AGE} , a {NAT} citizen , had opened {NUM} accounts at {COMPANY} "
            "under false names , had moved {MONEY} to {COUNTRY} between {MONTH} and {MONTH} , and had then bought a "
            "house in {ROAD} in the name of his wife , {PER} ."
        ),
        (
            '" {WORK} " , the third novel by the {NAT} writer {PER} , tells the story of two sisters who leave '
            "{CITY} in {YEAR} , lose each other on the way to {COUNTRY} , and meet again {NUM} years later at the "
            "{EVENT} , where neither of them knows what to say ."
        ),
        (
            "If you have only three days in {COUNTRY} , spend the first in {CITY} , where the market and the old "
            "harbour are worth a long morning , take the night train to {CITY} , and keep the last day for {NATURE} "
            ", which is at its best before the tourists arrive ."
        ),
        (
            "The {AGENCY} said in a report published in {CITY} on {DAY} that {NUM} percent of the children in the "
            "north of {COUNTRY} had no clean water , that fighting had closed the road to {CITY} , and that it would "
            "need {MONEY} before {MONTH} to keep its clinics open ."
        ),
        (
            "Dear {FIRST} , I am sorry that I could not come to {CITY} last week , but {PER} from {COMPANY} called "
            "on {DAY} to say that the first {PRODUCT} would be delivered a month late , so I had to go to {CITY} and "
            "explain it to {FIRST} myself ."
        ),
        (
            "{PER} , the {NAT} rider who won the {EVENT} in {YEAR} , crashed on the descent to {CITY} , lost {NUM} "
            "minutes while his team waited for a new wheel , and finished the day behind {PER} of {COUNTRY} , who "
            "now leads the race by {NUM} seconds ."
        ),
        (
            "The storm , which had already killed {NUM} people in {COUNTRY} , turned north during the night , "
            "brought down power lines in {REGION} and {REGION} , closed {FACILITY} for most of {DAY} , and is "
            "expected , according to {PER} of the {AGENCY} , to reach {CITY} by the weekend ."
        ),
        (
            "Shares in {COMPANY} , which makes the {PRODUCT} , lost {PCT} percent on {DAY} after the {NAT} group "
            "warned that sales in {COUNTRY} and {COUNTRY} were slower than it had hoped , while its rival {COMPANY} "
            ", whose results are due next month , gained {PCT} percent ."
        ),
        (
            "Asked why he had left {CLUB} for {CLUB} after only {NUM} games , {PER} said that he had never felt at "
            "home in {CITY} , that the coach , {PER} , had not spoken to him since {MONTH} , and that his family "
            "wanted to go back to {COUNTRY} ."
        ),
        (
            "{CITY} , {CITY} , {CITY} and {CITY} all wanted to hold the {EVENT} in {YEAR} , but the committee , "
            "which met behind closed doors at {INST} for {NUM} hours , could not agree , and asked its president , "
            "{PER} , to talk to each of the mayors again ."
        ),
        (
            "Before she joined {INST} as professor of {LANG} , {PER} had spent {NUM} years in the villages of "
            "{REGION} , where she wrote down the songs of the last people who spoke the language , and where , she "
            "says , she learned more than any university had taught her ."
        ),
        (
            'The police believe that the paintings , among them " {WORK} " by {PER} and two small {NAT} portraits , '
            "were taken from {INST} between midnight and {TIME} , put on a lorry that was later found empty near "
            "{FACILITY} , and carried across the border into {COUNTRY} ."
        ),
    ),
}
