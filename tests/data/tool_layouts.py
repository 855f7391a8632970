"""Files as the common tools export them: the columns of their documented layouts, with made-up rows.

Each layout says, for every column that has a field of members, which field it is. The other columns are custom
attributes. No row is copied from anywhere: `Layout.text` makes them from a number.
"""

import csv
import io
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

from seggraph.vocabulary import MemberKind

PERSON, ACCOUNT, DEAL, PRODUCT = MemberKind.PERSON, MemberKind.ACCOUNT, MemberKind.DEAL, MemberKind.PRODUCT

Make = Callable[[int], str]


@dataclass(frozen=True, slots=True)
class Layout:
    """A file of a tool: its columns as they are written, and the fields of those that have one."""

    tool: str
    kind: MemberKind
    columns: str
    fields: Mapping[str, str]
    delimiter: str = ","
    cells: Mapping[str, Make] = field(default_factory=dict)
    """How the cells of some columns look, where the field does not say it."""

    @property
    def names(self) -> list[str]:
        """The names of the columns."""
        return [name.strip() for name in self.columns.replace("\n", "|").split("|") if name.strip()]

    def text(self, rows: int = 40) -> str:
        """The file."""
        out = io.StringIO()
        writer = csv.writer(out, delimiter=self.delimiter)
        writer.writerow(self.names)
        for number in range(rows):
            writer.writerow([self._cell(name, number) for name in self.names])
        return out.getvalue()

    def _cell(self, name: str, number: int) -> str:
        if name in self.cells:
            return self.cells[name](number)
        return CELLS[self.fields[name]](number) if name in self.fields else _other(name, number)


CELLS: Final[Mapping[str, Make]] = {
    "externalId": lambda n: f"00A{n:06d}x",
    "name": lambda n: f"Example {n}",
    "firstName": lambda n: ("Ada", "Emma", "Mina")[n % 3],
    "lastName": lambda n: f"Example {n}",
    "salutation": lambda n: ("Ms", "Dr.")[n % 2],
    "postalCode": lambda n: f"0{n + 1000}",
    "state": lambda n: ("CA", "NY")[n % 2],
    "address.line2": lambda n: f"Floor {n}",
    "shippingAddress.lines": lambda n: f"Example Lane {n}",
    "shippingAddress.city": lambda n: ("Bonn", "Lyon")[n % 2],
    "shippingAddress.postalCode": lambda n: f"{n + 20000}",
    "shippingAddress.country": lambda n: ("Germany", "France")[n % 2],
    "domain": lambda n: f"https://www.company{n}.example/",
    "email": lambda n: f"someone{n}@mail{n % 7}.example",
    "phone": lambda n: f"+49 30 5550{n:04d}",
    "country": lambda n: ("Germany", "France", "Spain")[n % 3],
    "city": lambda n: ("Berlin", "Paris", "Madrid")[n % 3],
    "address": lambda n: f"Example Street {n}",
    "industry": lambda n: ("Software", "Retail")[n % 2],
    "revenue": lambda n: f"{n * 1000 + 500}.50",
    "employees": lambda n: str(n * 3 + 1),
    "score": lambda n: str(n % 100),
    "tags": lambda n: ("vip;news", "news", "trial;vip")[n % 3],
    "consentEmail": lambda n: ("yes", "no")[n % 2],
    "consentSms": lambda n: ("yes", "no")[n % 2],
}

COLLEAGUES: Final[Make] = lambda n: f"rep{n % 3}@ours.example"  # noqa: E731 - a table of such functions


def _other(name: str, number: int) -> str:
    lowered = name.lower()
    if "date" in lowered or lowered.endswith(("at", " time")):
        return f"2026-01-{number % 28 + 1:02d}"
    if any(word in lowered for word in ("total", "amount", "spent", "count", "balance", "ltv", "orders")):
        return str(number * 7)
    if any(word in lowered for word in ("owner", "assigned", "created by", "modified by")):
        return COLLEAGUES(number)
    return f"value {number % 11}"


LAYOUTS: Final = (
    Layout(
        "Salesforce accounts",
        ACCOUNT,
        """Id|Name|Type|BillingStreet|BillingCity|BillingState|BillingPostalCode|BillingCountry|Phone|Fax
        Website|Industry|AnnualRevenue|NumberOfEmployees|Owner.Email|OwnerId|CreatedDate
        LastModifiedById|ParentId|Rating""",
        {
            "BillingState": "state",
            "BillingPostalCode": "postalCode",
            "Id": "externalId",
            "Name": "name",
            "BillingStreet": "address",
            "BillingCity": "city",
            "BillingCountry": "country",
            "Phone": "phone",
            "Website": "domain",
            "Industry": "industry",
            "AnnualRevenue": "revenue",
            "NumberOfEmployees": "employees",
        },
        cells={"Owner.Email": COLLEAGUES, "Rating": lambda n: ("Hot", "Warm", "Cold")[n % 3]},
    ),
    Layout(
        "Salesforce contacts report",
        PERSON,
        """Contact ID|Salutation|First Name|Last Name|Title|Account Name|Account ID|Mailing Street
        Mailing City|Mailing State/Province|Mailing Zip/Postal Code|Mailing Country|Phone|Email
        Contact Owner|Lead Source|Created Date""",
        {
            "Salutation": "salutation",
            "First Name": "firstName",
            "Last Name": "lastName",
            "Mailing State/Province": "state",
            "Mailing Zip/Postal Code": "postalCode",
            "Contact ID": "externalId",
            "Mailing Street": "address",
            "Mailing City": "city",
            "Mailing Country": "country",
            "Phone": "phone",
            "Email": "email",
        },
        cells={"Account ID": lambda n: f"001{n % 9:06d}"},
    ),
    Layout(
        "HubSpot contacts",
        PERSON,
        """Record ID|First Name|Last Name|Email|Phone Number|Contact owner|Lead Status|Create Date
        Associated Company|City|Country/Region|Marketing contact status|HubSpot Score
        Last Activity Date""",
        {
            "First Name": "firstName",
            "Last Name": "lastName",
            "Record ID": "externalId",
            "Email": "email",
            "Phone Number": "phone",
            "City": "city",
            "Country/Region": "country",
            "HubSpot Score": "score",
        },
        cells={"Record ID": lambda n: str(90000000 + n)},
    ),
    Layout(
        "HubSpot companies",
        ACCOUNT,
        """Record ID|Company name|Company owner|Create Date|Phone Number|City|Country/Region|Industry
        Company Domain Name|Annual Revenue|Number of Employees""",
        {
            "Record ID": "externalId",
            "Company name": "name",
            "Phone Number": "phone",
            "City": "city",
            "Country/Region": "country",
            "Industry": "industry",
            "Company Domain Name": "domain",
            "Annual Revenue": "revenue",
            "Number of Employees": "employees",
        },
        cells={"Company owner": COLLEAGUES},
    ),
    Layout(
        "Pipedrive people",
        PERSON,
        """Person - ID|Person - Name|Person - Label|Person - Email - Work|Person - Phone - Work
        Person - Organization|Person - Owner|Person - Open deals|Person - Person created""",
        {
            "Person - ID": "externalId",
            "Person - Name": "name",
            "Person - Label": "tags",
            "Person - Email - Work": "email",
            "Person - Phone - Work": "phone",
        },
    ),
    Layout(
        "Pipedrive deals",
        DEAL,
        """Deal - ID|Deal - Title|Deal - Value|Deal - Currency|Deal - Stage|Deal - Owner
        Deal - Organization|Deal - Contact person|Deal - Deal created""",
        {"Deal - ID": "externalId", "Deal - Title": "name"},
        cells={"Deal - Value": lambda n: f"{n * 100}.50"},
    ),
    Layout(
        "Dynamics contacts",
        PERSON,
        """(Do Not Modify) Contact|(Do Not Modify) Row Checksum|Full Name|Email|Company Name
        Business Phone|Mobile Phone|Address 1: Street 1|Address 1: City|Address 1: Country/Region
        Status|Owner""",
        {
            "(Do Not Modify) Contact": "externalId",
            "Full Name": "name",
            "Email": "email",
            "Business Phone": "phone",
            "Address 1: Street 1": "address",
            "Address 1: City": "city",
            "Address 1: Country/Region": "country",
        },
    ),
    Layout(
        "Shopify customers",
        PERSON,
        """Customer ID|First Name|Last Name|Email|Accepts Email Marketing|Default Address Company
        Default Address Address1|Default Address Address2|Default Address City
        Default Address Province Code|Default Address Country Code|Default Address Zip
        Default Address Phone|Phone|Accepts SMS Marketing|Total Spent|Total Orders|Note|Tax Exempt|Tags""",
        {
            "First Name": "firstName",
            "Last Name": "lastName",
            "Default Address Address2": "address.line2",
            "Default Address Province Code": "state",
            "Default Address Zip": "postalCode",
            "Customer ID": "externalId",
            "Email": "email",
            "Accepts Email Marketing": "consentEmail",
            "Default Address Address1": "address",
            "Default Address City": "city",
            "Default Address Country Code": "country",
            "Phone": "phone",
            "Accepts SMS Marketing": "consentSms",
            "Tags": "tags",
        },
        cells={
            "Customer ID": lambda n: f"'99800000{n:05d}",
            "Default Address Zip": lambda n: f"'0{n:04d}",
            "Default Address Phone": lambda n: f"'315817{n:04d}",
            "Phone": lambda n: f"'+57315817{n:04d}",
        },
    ),
    Layout(
        "Shopify products",
        PRODUCT,
        "Handle|Title|Body (HTML)|Vendor|Type|Tags|Published|Variant Price",
        {"Handle": "externalId", "Title": "name", "Tags": "tags"},
        cells={"Variant Price": lambda n: f"{n}.50", "Published": lambda n: ("true", "false")[n % 2]},
    ),
    Layout(
        "WooCommerce customers",
        PERSON,
        """Name|Username|Last Active|Date Registered|Email|Orders|Total Spend|AOV|Country / Region|City
        Region|Postal Code""",
        {
            "Postal Code": "postalCode",
            "Name": "name",
            "Email": "email",
            "Country / Region": "country",
            "City": "city",
        },
        cells={"AOV": lambda n: f"{n}.50"},
    ),
    Layout(
        "WooCommerce users",
        PERSON,
        """user_id|first_name|last_name|user_email|billing_address_1|billing_address_2|billing_city|billing_postcode
        billing_country|billing_phone|shipping_address_1|shipping_city|shipping_postcode|shipping_country""",
        {
            "user_id": "externalId",
            "first_name": "firstName",
            "last_name": "lastName",
            "user_email": "email",
            "billing_address_1": "address",
            "billing_address_2": "address.line2",
            "billing_city": "city",
            "billing_postcode": "postalCode",
            "billing_country": "country",
            "billing_phone": "phone",
            "shipping_address_1": "shippingAddress.lines",
            "shipping_city": "shippingAddress.city",
            "shipping_postcode": "shippingAddress.postalCode",
            "shipping_country": "shippingAddress.country",
        },
    ),
    Layout(
        "Magento customers",
        PERSON,
        """ID|Name|Email|Group|Phone|ZIP|Country|State/Province|Customer Since|Web Site|Date of Birth
        Tax VAT Number|Gender""",
        {
            "ZIP": "postalCode",
            "State/Province": "state",
            "ID": "externalId",
            "Name": "name",
            "Email": "email",
            "Phone": "phone",
            "Country": "country",
        },
    ),
    Layout(
        "Stripe customers",
        PERSON,
        """id|Description|Email|Name|Created (UTC)|Delinquent|Currency|Card ID|Total Spend|Payment Count
        Refunded Volume|Address Line1|Address City|Address Country|Phone""",
        {
            "id": "externalId",
            "Email": "email",
            "Name": "name",
            "Address Line1": "address",
            "Address City": "city",
            "Address Country": "country",
            "Phone": "phone",
        },
        cells={"Created (UTC)": lambda n: f"2026-01-{n % 28 + 1:02d} 10:00", "Refunded Volume": str},
    ),
    Layout(
        "Mailchimp audience",
        PERSON,
        """Email Address|First Name|Last Name|Address|Phone Number|Birthday|MEMBER_RATING|OPTIN_TIME
        OPTIN_IP|CONFIRM_TIME|GMTOFF|DSTOFF|TIMEZONE|CC|REGION|LAST_CHANGED|LEID|EUID|NOTES|TAGS""",
        {
            "First Name": "firstName",
            "Last Name": "lastName",
            "Email Address": "email",
            "Address": "address",
            "Phone Number": "phone",
            "LEID": "externalId",
            "TAGS": "tags",
        },
        cells={"CC": lambda n: ("DE", "FR")[n % 2], "TAGS": lambda n: ('"vip","news"', '"news"')[n % 2]},
    ),
    Layout(
        "Klaviyo profiles",
        PERSON,
        """Email|Klaviyo ID|First Name|Last Name|Organization|Title|Phone Number|Address|City
        State / Region|Country|Zip Code|Source|Email Marketing Consent|SMS Marketing Consent
        Profile Created On|Historic CLV""",
        {
            "First Name": "firstName",
            "Last Name": "lastName",
            "State / Region": "state",
            "Zip Code": "postalCode",
            "Email": "email",
            "Klaviyo ID": "externalId",
            "Phone Number": "phone",
            "Address": "address",
            "City": "city",
            "Country": "country",
            "Email Marketing Consent": "consentEmail",
            "SMS Marketing Consent": "consentSms",
        },
        cells={
            "Email Marketing Consent": lambda n: ("SUBSCRIBED", "UNSUBSCRIBED", "NEVER_SUBSCRIBED")[n % 3],
            "SMS Marketing Consent": lambda n: ("SUBSCRIBED", "NEVER_SUBSCRIBED")[n % 2],
            "Historic CLV": lambda n: f"{n}.25",
        },
    ),
    Layout(
        "Brevo contacts",
        PERSON,
        "CONTACT ID|EMAIL|FIRSTNAME|LASTNAME|SMS|WHATSAPP|ADDED_TIME|MODIFIED_TIME|BLACKLISTED",
        {
            "FIRSTNAME": "firstName",
            "LASTNAME": "lastName",
            "CONTACT ID": "externalId",
            "EMAIL": "email",
            "SMS": "phone",
        },
        delimiter=";",
        cells={"SMS": lambda n: f"4930555{n:04d}", "WHATSAPP": lambda n: f"4930555{n:04d}"},
    ),
    Layout(
        "QuickBooks customers",
        ACCOUNT,
        """Customer|Company|Street Address|City|State|Country|Zip|Phone|Email|Customer type|Open Balance
        Attachments""",
        {
            "State": "state",
            "Zip": "postalCode",
            "Customer": "name",
            "Street Address": "address",
            "City": "city",
            "Country": "country",
            "Phone": "phone",
            "Email": "email",
        },
    ),
    Layout(
        "Xero contacts",
        ACCOUNT,
        """ContactName|AccountNumber|EmailAddress|FirstName|LastName|POAttentionTo|POAddressLine1
        POAddressLine2|POCity|PORegion|POPostalCode|POCountry|PhoneNumber|FaxNumber|MobileNumber
        Website|TaxNumber|BankAccountNumber""",
        {
            "POAddressLine2": "address.line2",
            "PORegion": "state",
            "POPostalCode": "postalCode",
            "ContactName": "name",
            "AccountNumber": "externalId",
            "EmailAddress": "email",
            "POAddressLine1": "address",
            "POCity": "city",
            "POCountry": "country",
            "PhoneNumber": "phone",
            "Website": "domain",
        },
    ),
    Layout(
        "Google Contacts",
        PERSON,
        """First Name|Middle Name|Last Name|Nickname|Organization Name|Organization Title|Birthday|Notes
        Labels|E-mail 1 - Label|E-mail 1 - Value|Phone 1 - Label|Phone 1 - Value|Address 1 - Street
        Address 1 - City|Address 1 - Postal Code|Address 1 - Country|Website 1 - Value""",
        {
            "First Name": "firstName",
            "Last Name": "lastName",
            "Address 1 - Postal Code": "postalCode",
            "Labels": "tags",
            "E-mail 1 - Value": "email",
            "Phone 1 - Value": "phone",
            "Address 1 - Street": "address",
            "Address 1 - City": "city",
            "Address 1 - Country": "country",
        },
        cells={
            "Labels": lambda n: ("* myContacts ::: Work", "* myContacts")[n % 2],
            "Website 1 - Value": lambda n: f"https://person{n}.example",
        },
    ),
    Layout(
        "Outlook contacts",
        PERSON,
        """First Name|Last Name|Company|Job Title|E-mail Address|E-mail 2 Address|Business Phone
        Home Phone|Mobile Phone|Business Street|Business City|Business State|Business Postal Code
        Business Country/Region|Categories|Web Page""",
        {
            "First Name": "firstName",
            "Last Name": "lastName",
            "Business State": "state",
            "Business Postal Code": "postalCode",
            "E-mail Address": "email",
            "Business Phone": "phone",
            "Business Street": "address",
            "Business City": "city",
            "Business Country/Region": "country",
            "Categories": "tags",
        },
        cells={"E-mail 2 Address": lambda n: "" if n % 3 else f"second{n}@mail.example"},
    ),
    Layout(
        "German customers",
        PERSON,
        """Kundennummer|Anrede|Vorname|Nachname|Firma|Straße|PLZ|Ort|Land|E-Mail|Telefon|Newsletter
        Erstellt am|Bearbeiter""",
        {
            "Anrede": "salutation",
            "Vorname": "firstName",
            "Nachname": "lastName",
            "PLZ": "postalCode",
            "Kundennummer": "externalId",
            "Straße": "address",
            "Ort": "city",
            "Land": "country",
            "E-Mail": "email",
            "Telefon": "phone",
            "Newsletter": "consentEmail",
        },
        delimiter=";",
        cells={
            "Newsletter": lambda n: ("Ja", "Nein")[n % 2],
            "PLZ": lambda n: f"{n + 10000:05d}",
            "Erstellt am": lambda n: f"{n % 28 + 1:02d}.02.2026",
        },
    ),
    Layout(
        "German companies",
        ACCOUNT,
        """Kunden-Nr.|Firmenname|Webseite|Branche|Jahresumsatz|Anzahl Mitarbeiter|Anschrift|Stadt|Land
        E-Mail-Adresse|Betreuer""",
        {
            "Kunden-Nr.": "externalId",
            "Firmenname": "name",
            "Webseite": "domain",
            "Branche": "industry",
            "Jahresumsatz": "revenue",
            "Anzahl Mitarbeiter": "employees",
            "Anschrift": "address",
            "Stadt": "city",
            "Land": "country",
            "E-Mail-Adresse": "email",
        },
        delimiter=";",
        cells={"Jahresumsatz": lambda n: f"{n + 1}.250.000,50", "Betreuer": COLLEAGUES},
    ),
    Layout(
        "French customers",
        PERSON,
        """Numéro client|Civilité|Prénom|Nom|Société|Adresse|Code postal|Ville|Pays|Adresse e-mail
        Téléphone|Responsable""",
        {
            "Civilité": "salutation",
            "Prénom": "firstName",
            "Nom": "lastName",
            "Code postal": "postalCode",
            "Numéro client": "externalId",
            "Adresse": "address",
            "Ville": "city",
            "Pays": "country",
            "Adresse e-mail": "email",
            "Téléphone": "phone",
        },
        delimiter=";",
        cells={"Responsable": COLLEAGUES},
    ),
    Layout(
        "Spanish companies",
        ACCOUNT,
        """Número de cliente|Razón social|Sitio web|Sector|Facturación|Número de empleados|Dirección
        Ciudad|País|Correo electrónico|Teléfono|Propietario""",
        {
            "Número de cliente": "externalId",
            "Razón social": "name",
            "Sitio web": "domain",
            "Sector": "industry",
            "Facturación": "revenue",
            "Número de empleados": "employees",
            "Dirección": "address",
            "Ciudad": "city",
            "País": "country",
            "Correo electrónico": "email",
            "Teléfono": "phone",
        },
        delimiter=";",
        cells={"Facturación": lambda n: f"{n + 1}.250,50", "Propietario": COLLEAGUES},
    ),
    Layout(
        "Portuguese people",
        PERSON,
        "Nome completo|E-mail|Telefone|Empresa|Endereço|Cidade|País|CEP|Responsável",
        {
            "CEP": "postalCode",
            "Nome completo": "name",
            "E-mail": "email",
            "Telefone": "phone",
            "Endereço": "address",
            "Cidade": "city",
            "País": "country",
        },
        cells={"Responsável": COLLEAGUES},
    ),
)


@dataclass(frozen=True, slots=True)
class Measured:
    """How many columns with a field were suggested rightly, and what was suggested wrongly."""

    right: int
    missed: list[tuple[str, str, str, str]]
    wrong: list[tuple[str, str, str]]

    @property
    def recall(self) -> float:
        """The share of the columns with a field that are suggested rightly."""
        return self.right / (self.right + len(self.missed))

    @property
    def precision(self) -> float:
        """The share of the suggested fields that are right."""
        mistaken = sum(suggested != "" for _, _, _, suggested in self.missed)
        return self.right / (self.right + len(self.wrong) + mistaken)


def measure(
    suggestions: Iterator[tuple[Layout, Mapping[str, str]]], is_field: Callable[[str], bool]
) -> Measured:
    """Compare what is suggested, by column, with what the layouts say."""
    right = 0
    missed: list[tuple[str, str, str, str]] = []
    wrong: list[tuple[str, str, str]] = []
    for layout, suggested in suggestions:
        for name in layout.names:
            chosen = suggested.get(name, "")
            chosen = chosen if is_field(chosen) else ""
            expected = layout.fields.get(name)
            if expected is not None and chosen == expected:
                right += 1
            elif expected is not None:
                missed.append((layout.tool, name, expected, chosen))
            elif chosen:
                wrong.append((layout.tool, name, chosen))
    return Measured(right, missed, wrong)
