"""The names that columns have in other tools for parts of addresses, such as `Shipping City` or `Lieferadresse PLZ`.

A name is put together from whose address it is and which part of it. A file with one address often calls it the billing
address: then it is the address of the member. Beside another address it is the billing address.
"""

from collections.abc import Iterator
from typing import Final

from seggraph.member_fields import PARTS
from seggraph.services.catalogue.header_names import compact

_OWNERS: Final = {
    "shippingAddress": """
        shipping shipping_address ship_to ship delivery delivery_address lieferung liefer lieferadresse lieferanschrift
        versand livraison adresse_de_livraison envio direccion_de_envio entrega endereco_de_entrega endereco_de_envio
    """,
    "billingAddress": """
        billing billing_address bill_to bill invoice invoice_address rechnung rechnungs rechnungsadresse
        rechnungsanschrift facturation adresse_de_facturation facturacion direccion_de_facturacion faturamento
        endereco_de_faturamento cobranca endereco_de_cobranca
    """,
}
_WORDS: Final = {
    "lines": """
        street street_1 street_address address_1 address1 address_line_1 address_line1 line_1 line1 strasse
        strasse_und_hausnummer adresse_1 rue calle rua endereco
    """,
    "line2": """
        street_2 address_2 address2 address_line_2 address_line2 line_2 line2 adresszusatz complement complemento
    """,
    "postalCode": """
        postal_code postalcode postcode zip zip_code zipcode zip_postal_code plz postleitzahl code_postal codigo_postal
        cep
    """,
    "city": "city town ort stadt ville ciudad cidade",
    "state": "state province state_province region bundesland provincia estado",
    "country": "country country_code countrycode country_name land pays pais",
}
_SECOND_LINES_OF_MEMBERS: Final = """
    address_2 address2 address_line_2 address_line2 street_2 street_line_2 adresszusatz complement_d_adresse
    complemento mailing_street_2 billing_street_2 billing_address_2 billing_address_line2 default_address_address2
    address1_line2 address_1_street_2 business_street_2 po_address_line_2 po_address_line2 poaddressline2
"""
PLACES_OF_MEMBERS: Final = frozenset({"address", "postalCode", "city", "state", "country", "address.line2"})
"""The fields and targets that make up the address of a member."""


def _names() -> Iterator[tuple[str, str]]:
    for field, owners in _OWNERS.items():
        for key, words in _WORDS.items():
            for owner in map(compact, owners.split()):
                for word in map(compact, words.split()):
                    yield owner + word, f"{field}.{key}"
                    yield f"{word}de{owner}", f"{field}.{key}"
                    yield f"{word}{owner}", f"{field}.{key}"


_BY_NAME: Final = dict(_names())
_SECOND_LINES: Final = frozenset(map(compact, _SECOND_LINES_OF_MEMBERS.split()))


def part_of(name: str) -> str | None:
    """The part of a shipping or billing address that a column is, or the second line of the member's address."""
    if name in PARTS:
        return name
    return _BY_NAME.get(compact(name))


def is_second_line(name: str) -> bool:
    """Whether a column is the second line of the member's own address."""
    return compact(name) in _SECOND_LINES


def is_of_billing(name: str) -> bool:
    """Whether a column is part of a billing address."""
    return (part_of(name) or "").startswith("billingAddress.")
