"""Inventories of name parts, from which generate.py builds the names of the demo corpus.

Every inventory is an ordered tuple: generate.py divides it between the splits. Nothing here refers to a
real person; the places and nationalities are mostly real, the companies and products are invented.
"""


def read_list(text: str) -> tuple[str, ...]:
    """Returns the comma-separated entries of a text, in order, white space made single."""
    return tuple(" ".join(entry.split()) for entry in text.split(",") if entry.strip())


FIRST_NAMES = read_list("""
    Adam, Adriana, Agnes, Ahmed, Aiko, Alan, Alejandro, Alice, Amara, Amina, Anders, Andrea, Andrew, Angela, Anika,
    Anna, Anne-Marie, Antonio, Arjun, Arthur, Astrid, Ayesha, Barbara, Beatriz, Benjamin, Bernard, Bianca, Björn,
    Bogdan, Boris, Brian, Bridget, Bruno, Camila, Carl, Carlos, Caroline, Catherine, Cecilia, Chiara, Chinedu, Claire,
    Claudia, Colin, Cristina, Daniel, David, Deborah, Deepak, Denise, Diego, Dmitri, Dolores, Dominic, Dorothy,
    Eduardo, Edward, Eileen, Elena, Elias, Elizabeth, Emeka, Emily, Emma, Enrique, Erik, Esther, Eva, Fatima, Felipe,
    Fernando, Fiona, Francesca, Frank, Frederik, Gabriela, Gareth, Geoffrey, George, Georgina, Gerald, Giovanni,
    Giulia, Gloria, Gordon, Graham, Greta, Gunnar, Gustavo, Hannah, Harold, Harriet, Hassan, Heather, Heinrich, Helen,
    Henrik, Hiroshi, Howard, Hugo, Ian, Ibrahim, Igor, Ines, Ingrid, Irene, Isabel, Ivan, Jacqueline, Jakub, James,
    Janet, Javier, Jean-Pierre, Jennifer, Jeremy, Jerome, Joanna, Johan, John, Jorge, Joseph, Joyce, Juan, Judith,
    Julia, Juliette, Kamal, Karen, Katarzyna, Kathleen, Keiko, Kenneth, Kevin, Khalid, Klaus, Kristina, Kwame, Lars,
    Laura, Laurent, Leila, Leonard, Liam, Linda, Lorenzo, Louise, Lucas, Lucia, Luigi, Magdalena, Malcolm, Marcel,
    Margaret, Maria, Marie-Claire, Marina, Mario, Mark, Martha, Martin, Matthew, Maureen, Mehmet, Michael, Michelle,
    Miguel, Mikael, Milena, Mohammed, Monica, Murray, Nadia, Naomi, Natalia, Neil, Niamh, Nicholas, Nikolai, Nina,
    Noel, Nora, Olga, Oliver, Olivia, Omar, Oscar, Pablo, Pamela, Patricia, Paul, Paula, Pedro, Peter, Petra, Philip,
    Pierre, Piotr, Priya, Rachel, Rafael, Rajesh, Ramon, Raymond, Rebecca, Renata, Ricardo, Richard, Robert, Roberta,
    Roger, Rosa, Ruth, Sabine, Salma, Samuel, Sandra, Sanjay, Sarah, Sebastian, Sergei, Sharon, Silvia, Simon,
    Sofia, Stefan, Stephen, Sunita, Susan, Svetlana, Sven, Takeshi, Tamara, Tanya, Tariq, Teresa, Thomas, Timothy,
    Tomasz, Ursula, Valentina, Vera, Victor, Vikram, Vincent, Walter, Wendy, Wilhelm, William, Yasmin, Yolanda,
    Yuki, Yusuf, Yvonne, Zainab, Zoe, Zoltan
""")

SURNAMES = read_list("""
    Abbott, Abe, Acheampong, Adebayo, Aguilar, Ahlström, Akhtar, Albers, Almeida, Alvarez, Andersson, Appleby,
    Archer, Arnaud, Aydin, Bailey, Baker, Balogun, Banerjee, Barlow, Barnes, Bauer, Becker, Bellini, Bennett,
    Bergström, Bianchi, Blackwood, Blanchard, Bolton-Smith, Bonnet, Boyle, Brandt, Brennan, Brooks, Burgess, Byrne,
    Callahan, Campbell, Cardoso, Carvalho, Castillo, Chang, Chatterjee, Chaudhry, Chowdhury, Christensen, Clarke,
    Clifton-Brown, Collins, Conti, Cooper, Cortez, Costa, Crawford, Czajkowski, Dahl, D'Angelo, Davidson, de Boer,
    de Jong, de la Cruz, de la Fuente, de Oliveira, de Vries, del Rio, Delgado, Desai, Diaz, Dimitrov, Dlamini,
    Donnelly, dos Santos, Doyle, Dubois, Dumont, Duncan, Duval, Eriksson, Escobar, Espinoza, Evans, Farrell, Faulkner,
    Fernandes, Ferrari, Fischer, Fitzgerald, Fletcher, Fontaine, Forsberg, Foster, Fraser, Friedman, Fujimoto,
    Gallagher, García, Garnier, Gibson, Girard, Gomes, Gonzalez, Gordillo, Greenwood, Griffiths, Gruber, Guerrero,
    Gupta, Gutierrez, Haas, Hakimi, Halvorsen, Hansen, Harding, Hartmann, Hashimoto, Hayes, Henderson, Hernandez,
    Hoffmann, Holloway, Horvat, Hughes, Hussain, Ivanov, Iyer, Jansen, Jensen, Johansson, Jovanovic, Kaplan, Kapoor,
    Karlsson, Kaur, Kaya, Kelly, Kimura, Kipchumba, Klein, Kobayashi, Kovacs, Kowalski, Kramer, Krishnan, Kumar,
    Kuznetsov, Lambert, Larsen, Lawson, Leclerc, Lefebvre, Lehmann, Lindqvist, Lloyd-Jones, Lombardi, Lopez, Lundgren,
    MacDonald, Mahmoud, Malik, Mancini, Marchetti, Marino, Martinez, Mbeki, McAllister, McCarthy, McKenzie, Mehta,
    Meier, Mendoza, Mensah, Meyer, Mikkelsen, Miller, Mitchell, Moreau, Morales, Moretti, Morrison, Mukherjee, Müller,
    Murphy, Mwangi, Nakamura, Navarro, Ndlovu, Neumann, Nguyen, Nielsen, Nkosi, Novak, O'Brien, O'Connor, O'Neill,
    Obi, Okafor, Okonkwo, Olsen, Ortega, Osei, Ozturk, Pacheco, Park, Patel, Pavlov, Pedersen, Pellegrini, Pereira,
    Perez, Petersen, Petrov, Pfeiffer, Popescu, Popov, Quinn, Radcliffe, Rahman, Ramirez, Rasmussen, Reddy, Reilly,
    Reyes, Ribeiro, Richter, Robertson, Rodriguez, Romano, Rossi, Rousseau, Ryan, Saito, Salazar, Sandoval, Santoro,
    Schmidt, Schneider, Schreiber, Schulz, Sharma, Sheridan, Silva, Simmons, Singh, Sinclair, Söderberg, Sokolov,
    Sorensen, Stewart, Suarez, Sullivan, Suzuki, Svensson, Szabo, Takahashi, Tanaka, Taylor, ter Horst, Thompson,
    Torres, Tremblay, Tshabalala, Turner, van Dijk, van den Berg, van der Merwe, van Houten, van Rooyen, Vargas,
    Vasquez, Vermeulen, Villanueva, Vogel, Volkov, von Hagen, Wagner, Walsh, Watanabe, Weber, Whitaker, Whitfield,
    Wilkinson, Wójcik, Yamamoto, Yilmaz, Zhang, Ziegler, Zimmermann
""")

CITIES = read_list("""
    Aarhus, Aberdeen, Abuja, Accra, Adelaide, Aleppo, Algiers, Alicante, Almaty, Amsterdam, Ankara, Antwerp,
    Asunción, Athens, Atlanta, Auckland, Baghdad, Baku, Baltimore, Bangkok, Barcelona, Basel, Beirut, Belfast,
    Belgrade, Bergen, Berlin, Bilbao, Birmingham, Bogotá, Bologna, Bombay, Bordeaux, Boston, Brasilia, Bratislava,
    Bremen, Brisbane, Bristol, Brussels, Bucharest, Budapest, Buenos Aires, Calgary, Canberra, Cape Town, Caracas,
    Cardiff, Casablanca, Chicago, Cologne, Colombo, Copenhagen, Cork, Dakar, Damascus, Dar es Salaam, Denver, Detroit,
    Dhaka, Donetsk, Dortmund, Dresden, Dubai, Dublin, Durban, Düsseldorf, Edinburgh, Eindhoven, Frankfurt, Gdansk,
    Geneva, Genoa, Ghent, Glasgow, Gothenburg, Granada, Graz, Guadalajara, Hamburg, Hanoi, Harare, Havana, Helsinki,
    Hyderabad, Innsbruck, Islamabad, Istanbul, Jakarta, Jerusalem, Johannesburg, Kabul, Kampala, Karachi,
    Kathmandu, Khartoum, Kiel, Kinshasa, Kraków, Kuala Lumpur, Kyoto, La Paz, Lagos, Lahore, Las Palmas, Lausanne,
    Leeds, Leicester, Leipzig, Lima, Lisbon, Liverpool, Ljubljana, Lomé, Los Angeles, Luanda, Lusaka, Lyon,
    Madras, Malaga, Managua, Manchester, Manila, Maputo, Marrakesh, Marseille, Melbourne, Memphis, Mexico City, Miami,
    Milan, Minneapolis, Minsk, Mombasa, Monterrey, Montevideo, Montreal, Munich, Nairobi, Nantes, Naples, New Delhi,
    New Orleans, Newcastle, Nicosia, Nuremberg, Odessa, Osaka, Oslo, Ottawa, Palermo, Perth, Philadelphia, Phnom Penh,
    Phoenix, Pittsburgh, Plovdiv, Port Elizabeth, Port Moresby, Porto, Prague, Pretoria, Quito, Rabat, Reykjavik,
    Riga, Rio de Janeiro, Rome, Rosario, Rotterdam, Salzburg, San Diego, San José, San Sebastián, Santander, Santiago,
    Santo Domingo, Sapporo, Sarajevo, Seattle, Seoul, Seville, Shanghai, Sheffield, Skopje, Sofia, Southampton,
    Split, St. Louis, St. Petersburg, Stavanger, Stockholm, Strasbourg, Stuttgart, Surabaya, Tallinn, Tampere,
    Tashkent, Tbilisi, Tehran, Tel Aviv, The Hague, Thessaloniki, Tirana, Tokyo, Toronto, Toulouse, Trieste, Tripoli,
    Trondheim, Tunis, Turin, Uppsala, Utrecht, Valencia, Valparaíso, Vancouver, Verona, Vienna, Vilnius,
    Warsaw, Wellington, Windhoek, Winnipeg, Yerevan, Yokohama, Zagreb, Zaragoza, Zurich
""")

TOWN_STEMS = read_list("""
    Alder, Ash, Bake, Barn, Birch, Black, Brad, Bram, Brook, Buck, Cald, Carl, Chester, Cold, Cran, Dun, East, Elm,
    Fair, Farn, Glen, Green, Guild, Hart, Hasling, Haver, Hazel, Holm, Kirk, Lang, Lynd, Maple, Marl, Mel, Mill,
    North, Oak, Pem, Ring, Rock, Rush, Sal, Sand, Shel, Somer, South, Stan, Stock, Thorn, Wake, West, Whit, Win, Wood
""")

TOWN_ENDINGS = read_list("borough, bridge, bury, combe, dale, field, ford, gate, ham, haven, mouth, stead, ton, ville")

# country , adjective , people in the plural
NATIONS = (
    ("Albania", "Albanian", "Albanians"),
    ("Algeria", "Algerian", "Algerians"),
    ("Angola", "Angolan", "Angolans"),
    ("Argentina", "Argentine", "Argentines"),
    ("Armenia", "Armenian", "Armenians"),
    ("Australia", "Australian", "Australians"),
    ("Austria", "Austrian", "Austrians"),
    ("Bangladesh", "Bangladeshi", "Bangladeshis"),
    ("Belgium", "Belgian", "Belgians"),
    ("Bolivia", "Bolivian", "Bolivians"),
    ("Bosnia", "Bosnian", "Bosnians"),
    ("Brazil", "Brazilian", "Brazilians"),
    ("Bulgaria", "Bulgarian", "Bulgarians"),
    ("Cambodia", "Cambodian", "Cambodians"),
    ("Cameroon", "Cameroonian", "Cameroonians"),
    ("Canada", "Canadian", "Canadians"),
    ("Chile", "Chilean", "Chileans"),
    ("China", "Chinese", "Chinese"),
    ("Colombia", "Colombian", "Colombians"),
    ("Costa Rica", "Costa Rican", "Costa Ricans"),
    ("Croatia", "Croatian", "Croats"),
    ("Cuba", "Cuban", "Cubans"),
    ("Cyprus", "Cypriot", "Cypriots"),
    ("the Czech Republic", "Czech", "Czechs"),
    ("Denmark", "Danish", "Danes"),
    ("Ecuador", "Ecuadorean", "Ecuadoreans"),
    ("Egypt", "Egyptian", "Egyptians"),
    ("England", "English", "Englishmen"),
    ("Estonia", "Estonian", "Estonians"),
    ("Ethiopia", "Ethiopian", "Ethiopians"),
    ("Finland", "Finnish", "Finns"),
    ("France", "French", "Frenchmen"),
    ("Germany", "German", "Germans"),
    ("Ghana", "Ghanaian", "Ghanaians"),
    ("Greece", "Greek", "Greeks"),
    ("Guatemala", "Guatemalan", "Guatemalans"),
    ("Hungary", "Hungarian", "Hungarians"),
    ("Iceland", "Icelandic", "Icelanders"),
    ("India", "Indian", "Indians"),
    ("Indonesia", "Indonesian", "Indonesians"),
    ("Iran", "Iranian", "Iranians"),
    ("Iraq", "Iraqi", "Iraqis"),
    ("Ireland", "Irish", "Irishmen"),
    ("Israel", "Israeli", "Israelis"),
    ("Italy", "Italian", "Italians"),
    ("Jamaica", "Jamaican", "Jamaicans"),
    ("Japan", "Japanese", "Japanese"),
    ("Kazakhstan", "Kazakh", "Kazakhs"),
    ("Kenya", "Kenyan", "Kenyans"),
    ("Latvia", "Latvian", "Latvians"),
    ("Lebanon", "Lebanese", "Lebanese"),
    ("Liberia", "Liberian", "Liberians"),
    ("Lithuania", "Lithuanian", "Lithuanians"),
    ("Malaysia", "Malaysian", "Malaysians"),
    ("Mexico", "Mexican", "Mexicans"),
    ("Moldova", "Moldovan", "Moldovans"),
    ("Morocco", "Moroccan", "Moroccans"),
    ("Mozambique", "Mozambican", "Mozambicans"),
    ("Nepal", "Nepalese", "Nepalis"),
    ("the Netherlands", "Dutch", "Dutchmen"),
    ("Nicaragua", "Nicaraguan", "Nicaraguans"),
    ("Nigeria", "Nigerian", "Nigerians"),
    ("Norway", "Norwegian", "Norwegians"),
    ("Pakistan", "Pakistani", "Pakistanis"),
    ("Panama", "Panamanian", "Panamanians"),
    ("Paraguay", "Paraguayan", "Paraguayans"),
    ("Peru", "Peruvian", "Peruvians"),
    ("the Philippines", "Philippine", "Filipinos"),
    ("Poland", "Polish", "Poles"),
    ("Portugal", "Portuguese", "Portuguese"),
    ("Romania", "Romanian", "Romanians"),
    ("Russia", "Russian", "Russians"),
    ("Scotland", "Scottish", "Scots"),
    ("Senegal", "Senegalese", "Senegalese"),
    ("Serbia", "Serbian", "Serbs"),
    ("Singapore", "Singaporean", "Singaporeans"),
    ("Slovakia", "Slovak", "Slovaks"),
    ("Slovenia", "Slovenian", "Slovenes"),
    ("South Africa", "South African", "South Africans"),
    ("South Korea", "South Korean", "South Koreans"),
    ("Spain", "Spanish", "Spaniards"),
    ("Sri Lanka", "Sri Lankan", "Sri Lankans"),
    ("Sweden", "Swedish", "Swedes"),
    ("Switzerland", "Swiss", "Swiss"),
    ("Syria", "Syrian", "Syrians"),
    ("Tanzania", "Tanzanian", "Tanzanians"),
    ("Thailand", "Thai", "Thais"),
    ("Tunisia", "Tunisian", "Tunisians"),
    ("Turkey", "Turkish", "Turks"),
    ("Uganda", "Ugandan", "Ugandans"),
    ("Ukraine", "Ukrainian", "Ukrainians"),
    ("Uruguay", "Uruguayan", "Uruguayans"),
    ("Uzbekistan", "Uzbek", "Uzbeks"),
    ("Venezuela", "Venezuelan", "Venezuelans"),
    ("Vietnam", "Vietnamese", "Vietnamese"),
    ("Wales", "Welsh", "Welshmen"),
    ("Yemen", "Yemeni", "Yemenis"),
    ("Zambia", "Zambian", "Zambians"),
    ("Zimbabwe", "Zimbabwean", "Zimbabweans"),
)

LANGUAGES = read_list("""
    Afrikaans, Amharic, Arabic, Aramaic, Basque, Bengali, Breton, Catalan, Cantonese, Cornish, Esperanto, Faroese,
    Frisian, Galician, Gujarati, Hausa, Hebrew, Hindi, Igbo, Javanese, Kannada, Kurdish, Latin, Luxembourgish,
    Malayalam, Maltese, Mandarin, Maori, Marathi, Mongolian, Nahuatl, Occitan, Pashto, Persian, Punjabi, Quechua,
    Romansh, Sanskrit, Scots Gaelic, Sorbian, Swahili, Tagalog, Tamil, Telugu, Tibetan, Urdu, Welsh, Xhosa, Yiddish,
    Yoruba, Zulu
""")

REGIONS = read_list("""
    Alsace, Andalusia, Anatolia, Bavaria, Bohemia, Brittany, Burgundy, Calabria, Castile, Catalonia, Chechnya,
    Cornwall, Corsica, Crete, Dalmatia, Darfur, Flanders, Galicia, Gujarat, Jutland, Karelia, Kashmir,
    Lapland, Lombardy, Manitoba, Moravia, Nevada, Normandy, Northumberland, Nova Scotia, Ohio, Oregon, Patagonia,
    Pomerania, Provence, Queensland, Quebec, Saxony, Sicily, Silesia, Sumatra, Tasmania, Texas, Thuringia, Tibet,
    Transylvania, Tuscany, Tyrol, Ulster, Umbria, Utah, Vermont, Wallonia, Western Cape, Wyoming, Yorkshire, Zanzibar
""")

# a stem becomes "Lake X" , "Mount X" , "the X Valley" ...
NATURE_STEMS = read_list("""
    Abana, Arden, Balmor, Belka, Caldera, Corvo, Dorna, Elbrin, Esker, Farrow, Garda, Halden, Inari, Isar, Jura,
    Kanin, Kestrel, Lomond, Maren, Marmot, Mirador, Morena, Nahanni, Nevis, Ogden, Orla, Palomar, Rannoch, Rila,
    Rhona, Sabana, Salween, Sarek, Selva, Silver, Tamar, Tarn, Tisza, Torren, Ural, Vardar, Vistula, Volta, Wharfe,
    Yarra, Zambora
""")

NATURE_PATTERNS = (
    "Lake {nature}",
    "Mount {nature}",
    "{nature} Valley",
    "{nature} River",
    "{nature} Mountains",
    "Cape {nature}",
    "{nature} Island",
    "{nature} Bay",
)
FACILITY_PATTERNS = (
    "{city} Airport",
    "{town} Airport",
    "{town} Street",
    "{town} Park",
    "{town} Bridge",
    "{town} Square",
    "{town} Stadium",
    "{town} Station",
)
ROAD_PATTERNS = ("{last} Street", "{last} Park", "{last} Bridge", "{last} Square", "{last} Road")

COINED = read_list("""
    Accentra, Adelphon, Aerodyne, Alcomet, Altaris, Amerigas, Apexon, Aquila, Arcturon, Astrella, Auralis, Axiom,
    Bellweather, Bioverde, Borealis, Brightline, Cadence, Calypsis, Celtrion, Centara, Ceridon, Clearpath, Cobaltix,
    Concordia, Corvex, Cygnet, Datacore, Delphic, Dynamet, Ecolux, Electra, Emberline, Enerco, Equitron, Eurotran,
    Fenwick, Ferrostal, Finlux, Fortivex, Galvatech, Genotrix, Geodyne, Globex, Gravity, Halcyon, Helixa, Hydrona,
    Icarus, Immunex, Infratel, Interlogic, Ironbridge, Juniper, Kestrix, Kinetica, Lumina, Lynxor, Magnetek, Maritrans,
    Medica, Meridian, Metrodyne, Microlab, Monolith, Navisat, Neoterra, Nexalis, Nordlys, Novagen, Omnitel, Optima,
    Orbicom, Oxalis, Pacifica, Palladian, Panoptic, Petrolux, Pharmacor, Pinnacle, Polymed, Quantis, Quorum, Radianz,
    Redstone, Rheingas, Sapient, Semperon, Silvertech, Solaris, Sonatel, Stellarix, Summit, Synapsis, Tectonic,
    Telemark, Terranova, Transcom, Trident, Tritonix, Unicorp, Valorem, Vectra, Veritas, Vertexa, Vitalis, Westmark,
    Xenon, Zenith, Zephyra
""")

COMPANY_PATTERNS = (
    "{coined}", "{coined}", "{coined}", "{coined} Inc.", "{coined} Ltd", "{coined} Corp.", "{coined} Group",
    "{coined} Holdings", "{coined} Energy", "{coined} Systems", "{coined} Airlines", "{coined} Bank",
    "{coined} Pharmaceuticals", "{last} & Sons", "{last} and {last}", "{last} Brothers", "{last} Motors",
    "{last} Foods", "{last} Capital", "{city} Steel", "{city} Airways", "{city} Savings Bank", "Bank of {city}",
    "Banco de {city}", "{coined}-{last}", "{coined} {city}", "{coined} AG", "{coined} Telecom",
)  # fmt: skip

CLUB_PATTERNS = (
    "{city}", "{city}", "{city}", "{city}", "{town}", "{city} United", "{city} City", "{town} Rovers", "{town} Town",
    "{city} Wanderers", "{town} Athletic", "Real {city}", "FC {city}", "Sporting {city}", "Dynamo {city}",
    "Racing {city}", "{city} Lions", "{city} Hawks", "{town} Albion", "Inter {city}", "AC {city}", "{city} Bulls",
)  # fmt: skip

INSTITUTE_PATTERNS = (
    "University of {city}", "{town} University", "{city} University", "{last} Institute", "{last} Foundation",
    "{city} Institute of Technology", "{town} College", "{city} General Hospital", "{last} Museum",
    "{city} Museum of Modern Art", "{city} Academy of Sciences", "{coined} Laboratory", "{town} Observatory",
    "Institute for {field} Research", "Centre for {field} Studies", "{country} Academy of {field}",
)  # fmt: skip

AGENCY_PATTERNS = (
    "{field} Ministry", "Ministry of {field}", "{adjective} Red Cross", "{adjective} Football Association",
    "National {field} Agency", "{adjective} Workers ' Union", "{city} City Council", "{city} Gazette",
    "{town} Herald", "{adjective} People 's Party", "{country} Liberation Front", "{field} Commission",
    "{acronym}", "{acronym}", "{acronym}", "{adjective} Central Bank", "{town} District Council",
)  # fmt: skip

FIELDS = read_list("""
    Agriculture, Aviation, Climate, Commerce, Culture, Defence, Education, Energy, Environment, Finance, Fisheries,
    Forestry, Health, Housing, Interior, Justice, Labour, Marine, Mining, Nutrition, Population, Security, Trade,
    Transport, Water, Welfare
""")

ACRONYMS = read_list("""
    ACLU, AFDC, ANBP, BDMA, BFTU, CGIL, CNDP, COSATU, DGSE, EBRD, ECOMOG, EFTA, ETUC, FAO, FMLN, GNAT, IAEA, IATA,
    ICRC, IFOR, ILO, INLA, IOC, KDPI, MPLA, MRTA, NATO, NKVD, OAU, OECD, OPEC, OSCE, PKK, PLO, RENAMO, SADC, SWAPO,
    UEFA, UNHCR, UNICEF, UNITA, UNESCO, WFP, WTO, ZANU
""")

PRODUCTS = read_list("""
    Albatross, Ariel, Avanti, Bolero, Bronco, Calibra, Cirrus, Comet, Condor, Corolla, Corsair, Cyclone, Dragonfly,
    Falcon, Firefly, Fiesta, Gazelle, Goliath, Griffin, Harrier, Hornet, Hurricane, Jetstream, Kodiak, Lancer,
    Leopard, Mistral, Mustang, Nimbus, Nomad, Orion, Osprey, Panther, Pegasus, Phantom, Puma, Raptor, Roadster,
    Sabre, Scirocco, Scorpio, Skylark, Spitfire, Starling, Stingray, Swift, Tempest, Tornado, Typhoon, Vantage,
    Viper, Voyager, Vulcan, Wrangler
""")

PRODUCT_PATTERNS = ("{product} {suffix}",)
PRODUCT_SUFFIXES = ("", "", "100", "200", "500", "747", "II", "III", "Mark IV", "Pro", "X", "XL", "Turbo", "R2", "S9")

WORK_ADJECTIVES = read_list("""
    Absent, Bitter, Borrowed, Broken, Burning, Crooked, Crystal, Distant, Drowned, Empty, Endless, Faithful, Fallen,
    Forgotten, Frozen, Gentle, Golden, Hidden, Hollow, Invisible, Last, Lonely, Lost, Midnight, Naked, Painted,
    Paper, Quiet, Restless, Ruined, Sacred, Scarlet, Second, Secret, Silent, Sleeping, Stolen, Twelfth, Unfinished,
    Velvet, Wandering, Winter, Wooden, Yellow
""")

WORK_NOUNS = read_list("""
    Angel, Ballad, Bride, Candle, Carousel, Castle, Cathedral, Clock, Crown, Dancer, Door, Emperor, Feather, Fiddler,
    Forest, Garden, Ghost, Harbour, Heart, Horizon, Hunter, Island, Kingdom, Lantern, Letter, Lighthouse, Mirror,
    Moon, Mother, Nightingale, Orchard, Palace, Pilgrim, Promise, Rain, River, Sailor, Shadow, Soldier, Song, Stranger,
    Summer, Swan, Thief, Tower, Traveller, Violin, Voice, Wedding, Window, Wolf, Woman
""")

WORK_PATTERNS = (
    "The {work_adjective} {noun}", "The {work_adjective} {noun}", "{work_adjective} {noun}", "The {noun} of {city}",
    "{noun} and {noun}", "A {noun} in {city}", "My {work_adjective} {noun}", "The {noun} 's {noun}",
)  # fmt: skip

EVENT_PATTERNS = (
    "{city} Marathon", "{city} Open", "{adjective} Open", "{adjective} Grand Prix", "{city} Film Festival",
    "{last} Cup", "{last} Trophy", "Tour of {country}", "{city} Book Fair", "{adjective} Cup", "{city} Masters",
    "{city} Jazz Festival", "{town} Regatta", "{adjective} Championship", "{city} Classic", "{city} Games",
)  # fmt: skip

# Names that are one thing here and another there : the slots in which each may stand. In every split.
AMBIGUOUS = {
    "Austin": ("LAST", "CITY"),
    "Benton": ("LAST", "CLUB", "CITY"),
    "Bradford": ("LAST", "CLUB", "CITY"),
    "Carter": ("LAST", "COMPANY"),
    "Charlotte": ("FIRST", "CITY", "CLUB"),
    "Chelsea": ("FIRST", "CLUB", "CITY"),
    "Chester": ("LAST", "CITY", "CLUB"),
    "Dallas": ("LAST", "CITY", "CLUB"),
    "Florence": ("FIRST", "CITY"),
    "Ford": ("LAST", "COMPANY"),
    "Georgia": ("FIRST", "COUNTRY"),
    "Hamilton": ("LAST", "CITY", "CLUB"),
    "Hewlett": ("LAST", "COMPANY"),
    "Houston": ("LAST", "CITY", "CLUB"),
    "Jackson": ("LAST", "CITY"),
    "Jordan": ("LAST", "COUNTRY"),
    "Kent": ("LAST", "REGION", "CLUB"),
    "Lancaster": ("LAST", "CITY", "CLUB"),
    "Lincoln": ("LAST", "CITY", "CLUB"),
    "Lloyd": ("LAST", "COMPANY"),
    "Madison": ("LAST", "CITY"),
    "Mercedes": ("FIRST", "COMPANY"),
    "Morgan": ("LAST", "COMPANY"),
    "Paris": ("FIRST", "CITY"),
    "Preston": ("LAST", "CITY", "CLUB"),
    "Sydney": ("FIRST", "CITY"),
    "Victoria": ("FIRST", "REGION"),
    "Virginia": ("FIRST", "REGION"),
    "Washington": ("LAST", "CITY", "CLUB"),
    "York": ("LAST", "CITY", "CLUB"),
}
