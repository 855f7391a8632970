"""The words that `demo_data` makes believable members of: places, names, industries. Data and no logic."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Country:
    """A country that members live in: real cities with a real postal code each, and how things are written there.

    `weight` is how often it is drawn, `phone` has a `#` for each digit to draw, `street` takes street and number.
    """

    code: str
    weight: int
    names: str
    language: str
    legal: tuple[str, ...]
    phone: str
    street: str
    streets: tuple[str, ...]
    cities: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Industry:
    """An industry: the median number of employees, revenue for each of them, and what its companies are called."""

    name: str
    weight: int
    median_employees: int
    revenue_per_employee: int
    nouns: tuple[str, ...]


# fmt: off
_ENGLISH_STREETS = ("Mill Road", "Station Road", "King Street", "Bridge Street", "Harbour Lane", "Park Avenue")
_AMERICAN_STREETS = ("Market St", "Main St", "Oak Ave", "2nd Ave", "Lake Shore Dr", "Maple Ave", "Commerce Blvd")
_GERMAN_STREETS = ("Lindenstraße", "Bahnhofstraße", "Gartenweg", "Schillerstraße", "Am Markt", "Ringstraße")

COUNTRIES = (
    Country("US", 30, "english", "en", ("Inc.", "LLC", "Corp."), "+1 ### 555 01##", "{number} {street}",
            _AMERICAN_STREETS,
            (("New York", "10013"), ("San Francisco", "94105"), ("Chicago", "60606"), ("Austin", "78701"),
             ("Boston", "02110"), ("Seattle", "98101"), ("Denver", "80202"), ("Atlanta", "30303"))),
    Country("CA", 5, "english", "en", ("Inc.", "Ltd."), "+1 ### 555 01##", "{number} {street}", _AMERICAN_STREETS,
            (("Toronto", "M5H 2N2"), ("Vancouver", "V6B 1A1"), ("Montréal", "H2Y 1C6"), ("Calgary", "T2P 1J9"))),
    Country("GB", 11, "english", "en", ("Ltd", "plc", "LLP"), "+44 20 7946 0###", "{number} {street}",
            _ENGLISH_STREETS,
            (("London", "EC2A 4NE"), ("Manchester", "M1 2WD"), ("Bristol", "BS1 4DJ"), ("Leeds", "LS1 4AP"),
             ("Edinburgh", "EH1 1YZ"), ("Birmingham", "B1 1BB"))),
    Country("IE", 2, "english", "en", ("Ltd", "DAC"), "+353 20 91# ####", "{number} {street}", _ENGLISH_STREETS,
            (("Dublin", "D02 AF30"), ("Cork", "T12 W8KP"), ("Galway", "H91 E2K3"))),
    Country("DE", 14, "german", "de", ("GmbH", "AG", "GmbH & Co. KG"), "+49 30 23125 ###", "{street} {number}",
            _GERMAN_STREETS,
            (("Berlin", "10115"), ("München", "80331"), ("Hamburg", "20095"), ("Köln", "50667"),
             ("Frankfurt am Main", "60311"), ("Stuttgart", "70173"), ("Leipzig", "04109"))),
    Country("AT", 3, "german", "de", ("GmbH", "AG"), "+43 1 585 0###", "{street} {number}", _GERMAN_STREETS,
            (("Wien", "1010"), ("Graz", "8010"), ("Linz", "4020"), ("Salzburg", "5020"))),
    Country("CH", 3, "german", "de", ("AG", "GmbH"), "+41 44 555 ## ##", "{street} {number}", _GERMAN_STREETS,
            (("Zürich", "8001"), ("Basel", "4001"), ("Bern", "3011"), ("Genève", "1201"))),
    Country("FR", 8, "french", "fr", ("SAS", "SA", "SARL"), "+33 1 99 00 ## ##", "{number} {street}",
            ("rue de la Paix", "avenue Victor Hugo", "rue des Lilas", "boulevard Voltaire", "rue du Moulin"),
            (("Paris", "75002"), ("Lyon", "69002"), ("Nantes", "44000"), ("Toulouse", "31000"), ("Lille", "59000"))),
    Country("NL", 4, "dutch", "nl", ("B.V.", "N.V."), "+31 20 555 0###", "{street} {number}",
            ("Kerkstraat", "Molenweg", "Stationsplein", "Prinsengracht", "Dorpsstraat"),
            (("Amsterdam", "1012 JS"), ("Rotterdam", "3011 AD"), ("Utrecht", "3511 AX"), ("Eindhoven", "5611 EM"))),
    Country("ES", 4, "spanish", "es", ("S.L.", "S.A."), "+34 910 555 ###", "{street}, {number}",
            ("Calle Mayor", "Calle del Sol", "Avenida de la Constitución", "Gran Vía", "Paseo del Prado"),
            (("Madrid", "28013"), ("Barcelona", "08002"), ("Valencia", "46002"), ("Sevilla", "41001"))),
    Country("IT", 4, "italian", "it", ("S.r.l.", "S.p.A."), "+39 02 555 0###", "{street} {number}",
            ("Via Roma", "Via Garibaldi", "Corso Italia", "Via Dante", "Piazza del Mercato"),
            (("Milano", "20121"), ("Roma", "00184"), ("Torino", "10121"), ("Bologna", "40121"))),
    Country("SE", 3, "nordic", "sv", ("AB",), "+46 8 465 004 ##", "{street} {number}",
            ("Storgatan", "Kungsgatan", "Drottninggatan", "Skolgatan", "Hamngatan"),
            (("Stockholm", "111 52"), ("Göteborg", "411 04"), ("Malmö", "211 22"), ("Uppsala", "753 10"))),
    Country("PL", 3, "polish", "pl", ("Sp. z o.o.", "S.A."), "+48 22 555 0# ##", "ul. {street} {number}",
            ("Polna", "Leśna", "Słoneczna", "Krótka", "Szkolna"),
            (("Warszawa", "00-001"), ("Kraków", "31-042"), ("Wrocław", "50-101"), ("Gdańsk", "80-831"))),
    Country("BR", 3, "portuguese", "pt", ("Ltda.", "S.A."), "+55 11 5550 0###", "{street}, {number}",
            ("Rua das Flores", "Avenida Brasil", "Rua do Comércio", "Avenida Paulista"),
            (("São Paulo", "01310-100"), ("Rio de Janeiro", "20040-002"), ("Curitiba", "80010-000"))),
    Country("IN", 4, "indian", "en", ("Pvt. Ltd.", "Ltd."), "+91 80 5550 0###", "{number}, {street}",
            ("MG Road", "Station Road", "Brigade Road", "Park Street", "Residency Road"),
            (("Bengaluru", "560001"), ("Mumbai", "400001"), ("Pune", "411001"), ("Hyderabad", "500001"))),
    Country("AU", 3, "english", "en", ("Pty Ltd", "Ltd"), "+61 2 5550 ####", "{number} {street}", _ENGLISH_STREETS,
            (("Sydney", "2000"), ("Melbourne", "3000"), ("Brisbane", "4000"), ("Perth", "6000"))),
)

INDUSTRIES = (
    Industry("Software", 16, 70, 165_000, ("Software", "Labs", "Cloud", "Systems", "Apps")),
    Industry("Technology", 10, 120, 210_000, ("Technologies", "Robotics", "Semiconductors", "Networks", "Devices")),
    Industry("Manufacturing", 13, 160, 230_000, ("Works", "Manufacturing", "Tools", "Components", "Machinery")),
    Industry("Retail", 12, 60, 190_000, ("Outfitters", "Market", "Stores", "Home", "Goods")),
    Industry("Financial Services", 9, 110, 340_000, ("Capital", "Finance", "Insurance", "Advisors", "Trust")),
    Industry("Healthcare", 9, 140, 140_000, ("Health", "Clinics", "Medical", "Care", "Diagnostics")),
    Industry("Professional Services", 9, 35, 150_000, ("Consulting", "Partners", "Associates", "Advisory", "Legal")),
    Industry("Media", 5, 45, 175_000, ("Media", "Studios", "Publishing", "Press", "Pictures")),
    Industry("Logistics", 5, 130, 180_000, ("Logistics", "Freight", "Shipping", "Transport", "Express")),
    Industry("Education", 4, 85, 90_000, ("Academy", "Learning", "Institute", "Schools", "Training")),
    Industry("Energy", 4, 150, 480_000, ("Energy", "Power", "Solar", "Grid", "Renewables")),
    Industry("Hospitality", 4, 55, 80_000, ("Hotels", "Resorts", "Kitchens", "Travel", "Catering")),
)

# fmt: on

# Lists of single words, apart by spaces.
STEMS = (
    "Alder Amber Anchor Arbor Aspen Atlas Beacon Birch Blue Bright Canyon Cedar Citadel Clear Cobalt "
    "Compass Copper Coral Crescent Crown Delta Drift Eagle Ember Evergreen Falcon Fern Field Finch "
    "Fjord Flint Forge Fox Garnet Glacier Granite Green Grove Harbor Haven Hawthorn Hazel Heron High "
    "Hollow Iron Ivory Juniper Keystone Lantern Lark Laurel Linden Lumen Maple Meadow Meridian Mosaic "
    "North Oak Onyx Orchard Otter Peak Pine Pioneer Prairie Quarry Quartz Raven Red Ridge River Rowan "
    "Saffron Sage Silver Sparrow Spruce Stone Summit Swift Tidal Timber Topaz Vale Vector Vista Walnut "
    "Wander Willow Wren Zephyr"
)
TAILS = "bridge brook crest dale field ford gate hill house lane mark path point port rock side way wood"

GIVEN_NAMES = {
    "english": "Olivia Emma Amelia Grace Chloe Sarah Hannah Megan Laura Jessica James Oliver William Thomas Daniel "
    "Michael David Andrew Ryan Joshua Marcus Aaliyah Priya Wei Mei Diego",
    "german": "Anna Lena Julia Katharina Sabine Petra Claudia Sophie Maria Nina Lukas Jonas Felix Stefan Thomas "
    "Andreas Michael Matthias Jürgen Florian Emre Ayşe",
    "french": "Camille Léa Manon Chloé Claire Élodie Julie Nathalie Amina Sophie Louis Hugo Thomas Nicolas Julien "
    "Antoine Mathieu Karim François Olivier",
    "dutch": "Sanne Emma Lotte Anouk Femke Marieke Daan Sem Bram Jeroen Pieter Willem Thijs Ruben",
    "spanish": "Lucía María Carmen Paula Elena Marta Laura Isabel Hugo Pablo Javier Carlos Alejandro Miguel Sergio "
    "Andrés",
    "italian": "Giulia Sofia Chiara Francesca Martina Elena Paola Marco Luca Matteo Alessandro Andrea Giovanni "
    "Davide",
    "nordic": "Astrid Elsa Ingrid Maja Linnea Karin Freja Erik Lars Oskar Nils Gustav Anders Johan",
    "polish": "Anna Katarzyna Małgorzata Agnieszka Zofia Julia Piotr Krzysztof Andrzej Tomasz Paweł Michał",
    "portuguese": "Ana Beatriz Juliana Mariana Camila Fernanda João Pedro Lucas Gabriel Rafael Thiago",
    "indian": "Aarav Arjun Rohan Vikram Rahul Sanjay Amit Ananya Priya Kavya Neha Divya Meera Pooja",
}

FAMILY_NAMES = {
    "english": "Smith Jones Taylor Brown Williams Wilson Johnson Davies Miller Garcia Martinez Anderson Thompson "
    "Clark Lewis Walker Hall Young Wright Murphy Kelly Nguyen Patel Chen Kim Campbell",
    "german": "Müller Schmidt Schneider Fischer Weber Meyer Wagner Becker Schulz Hoffmann Koch Richter Klein Wolf "
    "Schröder Neumann Zimmermann Krüger Yılmaz Huber Steiner",
    "french": "Martin Bernard Dubois Thomas Robert Richard Petit Durand Leroy Moreau Simon Laurent Lefèvre Michel "
    "Garcia Benali Roux Fournier",
    "dutch": "Jansen Bakker Visser Smit Meijer Mulder Bos Vos Peters Hendriks Dekker Brouwer",
    "spanish": "García Fernández González Rodríguez López Martínez Sánchez Pérez Gómez Ruiz Díaz Moreno Navarro",
    "italian": "Rossi Russo Ferrari Esposito Bianchi Romano Colombo Ricci Marino Greco Bruno Gallo Conti",
    "nordic": "Andersson Johansson Karlsson Nilsson Eriksson Larsson Olsson Persson Lindberg Lindqvist Holm",
    "polish": "Nowak Kowalczyk Wójcik Kamiński Lewandowski Zieliński Szymański Woźniak Dąbrowski Mazur",
    "portuguese": "Silva Santos Oliveira Souza Rodrigues Ferreira Alves Pereira Lima Gomes Costa Ribeiro",
    "indian": "Sharma Patel Singh Kumar Gupta Reddy Nair Iyer Mehta Rao Desai Joshi Kapoor",
}
