"""The names that columns have in the files of other tools, and the field of a member that each means, by kind.

What a name means for every kind is in the table of member fields (`aliases`); here is what depends on the kind.

The corpus follows the documented exports of Salesforce, HubSpot, Pipedrive, Dynamics, Shopify, WooCommerce, Magento,
Stripe, Mailchimp, Klaviyo, Brevo, QuickBooks, Xero, Google Contacts and Outlook, in English, German, French, Spanish
and Portuguese. Names are written as `simple` makes them: lower case, words with underscores between them.
"""

import re
import unicodedata
from collections.abc import Mapping
from typing import Final

from seggraph.member_fields import FIELDS
from seggraph.vocabulary import MemberKind

COMPANY_NAME: Final = """
    company company_name companyname organization organisation organization_name organisation_name account
    account_name accountname business_name firma firmenname unternehmen unternehmensname societe entreprise
    nom_de_l_entreprise empresa nombre_de_la_empresa nome_da_empresa razon_social raison_sociale razao_social
    customer customer_name kunde kundenname client nom_du_client cliente nombre_del_cliente security
"""
COMPANY_ID: Final = """
    account_id accountid company_id companyid organization_id organisation_id customer_id kundennummer kunden_nr
    kundennr numero_client numero_de_cliente customer_number account_number accountnumber numero_do_cliente
    do_not_modify_account symbol ticker customer_no code_client id_de_la_empresa client_id id_client case_safe_id
"""
PERSON_NAME: Final = """
    full_name fullname contact_name display_name contact customer_name person_name vollstandiger_name
    nom_complet nombre_completo nome_completo nom nombre nome customer billing_name kundenname kontakt cardholder_name
"""
PERSON_ID: Final = """
    contact_id contactid person_id personid customer_id customerid user_id userid member_id lead_id leadid
    subscriber_id profile_id klaviyo_id customer_number kundennummer kunden_nr kundennr numero_client numero_de_cliente
    numero_do_cliente
    do_not_modify_contact do_not_modify_lead mitgliedsnummer euid leid contact_number client_id id_client
    kontakt_id id_de_contacto
"""
FIRST_NAME: Final = """
    first_name firstname given_name givenname forename fname first vorname rufname prenom primer_nombre nombres
    primeiro_nome contact_first_name person_first_name customer_first_name billing_first_name lead_first_name
"""
LAST_NAME: Final = """
    last_name lastname surname family_name familyname lname last nachname familienname zuname nom_de_famille apellido
    apellidos sobrenome apelido ultimo_nome contact_last_name person_last_name customer_last_name billing_last_name
    lead_last_name
"""
SALUTATION: Final = """
    salutation name_prefix honorific prefix anrede civilite tratamiento tratamento saudacao contact_salutation
"""
FIRMOGRAPHICS: Final[Mapping[str, str]] = {
    "domain": """
        domain website web site url homepage web_site account_domain company_domain website_url company_website
        domain_name web_domain company_domain_name webseite internetseite internet site_web site_internet sitio_web
        pagina_web websiteurl web_page
    """,
    "industry": """
        industry sector gics_sector industry_sector vertical branch branche wirtschaftszweig secteur
        secteur_d_activite industria setor industrie industrycode ramo
    """,
    "revenue": """
        revenue annual_revenue annualrevenue turnover sales annual_sales yearly_revenue umsatz jahresumsatz
        chiffre_d_affaires ingresos ingresos_anuales facturacion receita receita_anual faturamento
    """,
    "employees": """
        employees number_of_employees numberofemployees employee_count headcount staff num_employees company_size
        mitarbeiter mitarbeiterzahl anzahl_mitarbeiter effectif nombre_d_employes empleados numero_de_empleados
        funcionarios numero_de_funcionarios no_of_employees
    """,
}

BY_KIND: Final[Mapping[MemberKind, Mapping[str, str]]] = {
    MemberKind.PERSON: {
        "name": f"name {PERSON_NAME}",
        "firstName": FIRST_NAME,
        "lastName": LAST_NAME,
        "salutation": SALUTATION,
        "externalId": PERSON_ID,
    },
    MemberKind.ACCOUNT: {"name": f"name {COMPANY_NAME}", "externalId": COMPANY_ID, **FIRMOGRAPHICS},
    MemberKind.ORGANIZATION: {"name": f"name {COMPANY_NAME}", "externalId": COMPANY_ID, **FIRMOGRAPHICS},
    MemberKind.PRODUCT: {
        "name": "name product product_name title product_title artikel artikelname bezeichnung produkt produit nom"
        " producto nombre produto nome item_name",
        "externalId": "product_id productid sku variant_sku handle item_id artikelnummer item_number product_code"
        " variant_id referencia reference",
    },
    MemberKind.DEAL: {
        "name": "name deal deal_name title deal_title opportunity opportunity_name",
        "externalId": "deal_id dealid opportunity_id opportunityid",
    },
    MemberKind.ACTIVITY: {
        "name": "name subject title activity activity_name",
        "externalId": "activity_id activityid task_id",
    },
    MemberKind.TICKET: {
        "name": "name subject title ticket_name case_subject",
        "externalId": "ticket_id ticketid case_id case_number ticket_number",
    },
}
"""What a column means for members of one kind. The company of a person is not the person's name."""

PART_OF_NAME: Final[Mapping[str, tuple[str, str]]] = {
    "name": ("lastName", "vorname prenom"),
    "nom": ("lastName", "prenom"),
    "nombre": ("firstName", "apellido apellidos"),
    "nome": ("firstName", "sobrenome apelido apelidos"),
}
"""Names of columns that are a part of the name where the file has one of these columns, and otherwise all of it."""

OF_ANOTHER: Final = re.compile(
    r"(?:^|_)(?:owner|rep|representative|salesperson|sales_?rep|agent|assignee|assigned(?:_to)?|created_by|"
    r"creator|modified_by|updated_by|author|manager|account_manager|approver|referrer|referred_by|reports_to|"
    r"besitzer|inhaber|betreuer|verantwortlich(?:er)?|bearbeiter|vertriebler|proprietaire|responsable|propietario|"
    r"comercial|proprietario|responsavel|assistant|spouse|partner|parent|ultimate_parent|bcc|cc|"
    r"alternative|secondary|other|fax|home_page|billing_contact|supplier)(?:_|$)"
)
"""A column with such a word is about somebody or something else: it is a custom attribute, whatever it holds."""


def simple(name: str) -> str:
    """A name for comparing: `Company Name`, `companyName` and `COMPANY-NAME` are one; `Straße` and `Strasse`, too."""
    split = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", " ", name).casefold()
    bare = "".join(
        letter for letter in unicodedata.normalize("NFKD", split) if not unicodedata.combining(letter)
    )
    return "_".join(re.findall(r"[^\W_]+", bare))


def compact(name: str) -> str:
    """The same without underscores: `POAddressLine1`, `HubSpot Score` and `hubspot_score` are written in many ways."""
    return simple(name).replace("_", "")


def is_of_another(simple_name: str) -> bool:
    """Whether a column is about somebody else than the member, such as its owner."""
    return bool(OF_ANOTHER.search(simple_name))


def _names(fields: Mapping[str, str]) -> dict[str, str]:
    return {name: field for field, names in fields.items() for name in names.split()}


_OF_PEOPLE: Final = frozenset({"firstName", "lastName", "salutation"})
"""In a file of others, such a column is about the person whom they contact there."""

_OF_EVERY_KIND: Final = {
    name: field.name
    for field in FIELDS
    if field.is_imported and field.name not in _OF_PEOPLE
    for name in (simple(field.name), *field.aliases.split())
}

FIELD_OF: Final[Mapping[MemberKind, Mapping[str, str]]] = {
    kind: {compact(name): field for name, field in {**_OF_EVERY_KIND, **_names(BY_KIND[kind])}.items()}
    for kind in MemberKind
}
"""The field that a compact name means, by kind."""

_SUBJECTS: Final = ("person_", "contact_", "deal_", "organization_", "account_", "company_", "customer_")
"""What tools write before the names of all columns, as in `Person - Label`."""


def field_of(name: str, kind: MemberKind) -> str | None:
    """The field that the name of a column means for members of a kind, if it means one."""
    fields = FIELD_OF[kind]
    written = simple(name)
    subject = next((one for one in _SUBJECTS if written.startswith(one)), "")
    return fields.get(compact(name)) or fields.get(
        compact(written.removeprefix(subject) if " - " in name else "")
    )


def is_main(name: str, field: str) -> bool:
    """Whether a column is called as the field is: of two columns for one field it comes first."""
    return compact(name) == compact(field)


_OTHER_HEADERS: Final = """
    first_name last_name given_name family_name vorname nachname prenom nom nombre apellido apellidos nome sobrenome
"""

KNOWN: Final = frozenset(
    {name for fields in FIELD_OF.values() for name in fields}
    | {compact(name) for name in _OTHER_HEADERS.split()}
)
"""Compact names that only headers have: by them a header is recognised."""
