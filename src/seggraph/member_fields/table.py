"""The table of the well-known fields of members, one row for each, in the order of the columns of an exported file."""

import re
from collections.abc import Callable
from typing import Any, Final

from seggraph.errors import Invalid
from seggraph.member_fields import cleaning
from seggraph.member_fields.cleaning import MAX_ADDRESS, MAX_EXTERNAL_ID, MAX_PHONE, MAX_SHORT_TEXT
from seggraph.member_fields.field import FieldGroup, MemberField, MemberTable, Suggestions
from seggraph.member_fields.field_types import (
    CONSENT,
    DECIMAL,
    FLAG,
    INSTANT,
    JSON_OBJECT,
    NUMBER,
    TEXT,
    TEXT_LIST,
    WHOLE_NUMBER,
)
from seggraph.values import numbers, words
from seggraph.values.csv_values import parse_boolean
from seggraph.values.domains import is_domain
from seggraph.values.emails import MAX_EMAIL, is_email
from seggraph.values.numbers import NumberForm
from seggraph.vocabulary import Channel

_PHONE = re.compile(r"\+\d[\d\s().\-/]{6,}\d", re.ASCII)


def consent_column(channel: Channel) -> str:
    """The column of `members` that holds the consent for a channel."""
    return f"consent_{channel.name.lower()}"


def _is_phone(cell: str) -> bool:
    return bool(_PHONE.fullmatch(cell))


def _is_consent(cell: str) -> bool:
    return words.consent_of(cell) is not None


def _is_number(cell: str) -> bool:
    return numbers.form_of(cell) is not NumberForm.NONE


def _has_at_sign(cell: str) -> bool:
    return "@" in cell


def _accepted_by(parse: Callable[[str], Any]) -> Callable[[str], bool]:
    """Whether a cell can be read, by the function that reads it."""

    def accepts(cell: str) -> bool:
        try:
            parse(cell)
        except Invalid:
            return False
        return True

    return accepts


def _consent(name: str, channel: Channel, phrase: str, aliases: str) -> MemberField:
    return MemberField(
        name=name,
        column=consent_column(channel),
        type=CONSENT,
        label=f"Consent to {phrase}",
        description=f"What the member said about {phrase}.",
        default="0::smallint",
        required=True,
        aliases=aliases,
        accepts=_is_consent,
        is_mappable=False,
        consent=channel,
        is_personal=False,
    )


FIELDS: Final[tuple[MemberField, ...]] = (
    MemberField(
        name="externalId",
        column="external_id",
        type=TEXT,
        label="External id",
        description="The id in your own system, unique within the kind.",
        clean=cleaning.clean_external_id,
        required=True,
        group=FieldGroup.PROFILE,
        example="crm-1042",
        aliases="id external_id externalid record_id recordid crm_id uuid guid key system_id unique_id"
        " reference_id kennung referenz identifiant identificador datensatz_id id_externo id_externe",
        max_length=MAX_EXTERNAL_ID,
        is_personal=False,
    ),
    MemberField(
        name="name",
        column="name",
        type=TEXT,
        label="Name",
        description="The name of the member.",
        clean=cleaning.text_of_at_most(MAX_SHORT_TEXT),
        group=FieldGroup.PROFILE,
        example="Ada Lovelace",
        aliases="name",
        max_length=MAX_SHORT_TEXT,
        is_searched=True,
    ),
    MemberField(
        name="domain",
        column="domain",
        type=TEXT,
        label="Domain",
        description="The domain of the website, like example.com.",
        clean=cleaning.clean_domain,
        group=FieldGroup.FIRMOGRAPHICS,
        example="example.com",
        recognises=is_domain,
        aliases="domain",
        accepts=is_domain,
        max_length=MAX_SHORT_TEXT,
        suggestions=Suggestions.SAMPLED,
        is_searched=True,
        is_personal=False,
    ),
    MemberField(
        name="email",
        column="email",
        type=TEXT,
        label="Email",
        description="The email address of the member.",
        clean=cleaning.clean_email,
        group=FieldGroup.PROFILE,
        example="ada@example.com",
        aliases="email e_mail mail email_address emailaddress e_mail_address e_mail_adresse email_adresse"
        " mailadresse adresse_email adresse_e_mail adresse_mail courriel correo correo_electronico"
        " correo_e endereco_de_email primary_email email_1 e_mail_1 e_mail_1_value email_1_value"
        " work_email email_work e_mail_work main_email person_email primary_email_address"
        " main_email_address contact_email contact_person_email customer_email email_id emailaddress1",
        recognises=is_email,
        accepts=_has_at_sign,
        max_length=MAX_EMAIL,
        is_searched=True,
        channels=(Channel.EMAIL,),
    ),
    MemberField(
        name="phone",
        column="phone",
        type=TEXT,
        label="Phone",
        description="The phone number of the member.",
        clean=cleaning.text_of_at_most(MAX_PHONE),
        group=FieldGroup.PROFILE,
        example="+44 20 7946 0000",
        aliases="phone telephone phone_number mobile tel mobile_phone work_phone telephone_number cell phone_1"
        " phone_1_value telefon telefonnummer telefono telefone telefone_1 numero_de_telephone"
        " numero_de_telefono telefonnr rufnummer phone_work primary_phone business_phone main_phone"
        " phone_numbers sms whatsapp company_phone telephone1 billing_phone default_address_phone"
        " mobile_phone_number number_phone handy handynummer",
        recognises=_is_phone,
        max_length=MAX_PHONE,
        channels=(Channel.SMS, Channel.PHONE),
    ),
    MemberField(
        name="country",
        column="country",
        type=TEXT,
        label="Country",
        description="The country, as you store it.",
        clean=cleaning.text_of_at_most(MAX_SHORT_TEXT),
        group=FieldGroup.PROFILE,
        example="US",
        aliases="country country_code country_name nation land pais pays billing_country hq_country"
        " country_region country_or_region mailing_country billing_country_code billingcountry"
        " mailingcountry address1_country address_country default_address_country_code country_iso2"
        " address_1_country address_1_country_region business_country_region country_of_address billing_address_country"
        " company_country org_country pocountry po_country",
        max_length=MAX_SHORT_TEXT,
        suggestions=Suggestions.COUNTED,
        is_personal=False,
    ),
    MemberField(
        name="city",
        column="city",
        type=TEXT,
        label="City",
        description="The city of the member.",
        clean=cleaning.text_of_at_most(MAX_SHORT_TEXT),
        group=FieldGroup.PROFILE,
        example="London",
        aliases="city town ort stadt ville ciudad cidade billing_city hq_city headquarters_city mailing_city"
        " billingcity mailingcity address1_city address_city default_address_city address_1_city"
        " business_city city_of_address billing_address_city company_city town_city po_city pocity"
        " localidad localidade commune wohnort",
        max_length=MAX_SHORT_TEXT,
        suggestions=Suggestions.COUNTED,
        is_personal=False,
    ),
    MemberField(
        name="industry",
        column="industry",
        type=TEXT,
        label="Industry",
        description="The industry of the member.",
        clean=cleaning.text_of_at_most(MAX_SHORT_TEXT),
        group=FieldGroup.FIRMOGRAPHICS,
        example="Software",
        aliases="industry",
        max_length=MAX_SHORT_TEXT,
        suggestions=Suggestions.COUNTED,
        is_personal=False,
    ),
    MemberField(
        name="revenue",
        column="revenue",
        type=DECIMAL,
        label="Revenue",
        description="The yearly revenue, in the currency of the workspace.",
        input_description="The yearly revenue, in the currency of the workspace, at most 4 decimals.",
        clean=cleaning.clean_revenue,
        group=FieldGroup.FIRMOGRAPHICS,
        example=1_500_000,
        aliases="revenue",
        accepts=_is_number,
        is_personal=False,
    ),
    MemberField(
        name="employees",
        column="employees",
        type=WHOLE_NUMBER,
        label="Employees",
        description="The number of employees.",
        clean=cleaning.clean_employees,
        group=FieldGroup.FIRMOGRAPHICS,
        example=250,
        aliases="employees",
        accepts=_is_number,
        is_personal=False,
    ),
    MemberField(
        name="score",
        column="score",
        type=NUMBER,
        label="Score",
        description="The lead score or fit score.",
        clean=cleaning.clean_score,
        group=FieldGroup.ENGAGEMENT,
        example=72.5,
        aliases="score lead_score fit_score account_score rating hubspot_score engagement_score punktzahl",
        accepts=_is_number,
        is_personal=False,
    ),
    MemberField(
        name="isTarget",
        column="is_target",
        type=FLAG,
        label="Is a target",
        description="Whether the member is marked as a target.",
        input_description="Whether the member is marked as a target; true for a new member by default.",
        clean=cleaning.clean_target,
        default="true",
        required=True,
        group=FieldGroup.ENGAGEMENT,
        example=True,
        aliases="is_target target istarget target_account is_target_account zielkunde",
        accepts=_accepted_by(parse_boolean),
        suggestions=Suggestions.COUNTED,
        is_personal=False,
    ),
    MemberField(
        name="tags",
        column="tags",
        type=TEXT_LIST,
        label="Tags",
        description="The tags of the member, sorted.",
        input_description="The tags; they replace the stored ones.",
        clean=cleaning.clean_tags,
        default="'{}'",
        required=True,
        aliases="tags tag labels label etiquetas etiquettes etiketten schlagworte schlagworter group_membership"
        " kategorien categories categorias contact_tags customer_tags",
        suggestions=Suggestions.COUNTED,
        is_personal=False,
    ),
    _consent(
        "consentEmail",
        Channel.EMAIL,
        "emails",
        "consentemail consent_email email_consent accepts_email_marketing accepts_marketing"
        " email_marketing_consent email_marketing_status newsletter newsletter_subscription email_opt_in"
        " email_optin subscribed email_subscription_status email_marketing email_status opted_in_email"
        " is_subscribed_to_newsletter marketing_status newsletter_anmeldung",
    ),
    _consent(
        "consentDirectMail",
        Channel.DIRECT_MAIL,
        "direct mail",
        "consentdirectmail consent_direct_mail direct_mail_consent mail_opt_in postal_consent",
    ),
    _consent(
        "consentSms",
        Channel.SMS,
        "text messages",
        "consentsms consent_sms sms_consent accepts_sms_marketing sms_marketing_consent sms_opt_in"
        " sms_optin sms_marketing_status sms_subscription_status",
    ),
    _consent(
        "consentPhone",
        Channel.PHONE,
        "phone calls",
        "consentphone consent_phone phone_consent phone_opt_in call_consent",
    ),
    _consent(
        "consentPush",
        Channel.PUSH,
        "push messages",
        "consentpush consent_push push_consent push_opt_in",
    ),
    MemberField(
        name="address",
        column="address",
        type=TEXT,
        table=MemberTable.ADDRESSES,
        label="Address",
        description="The postal address on one line.",
        clean=cleaning.text_of_at_most(MAX_ADDRESS),
        group=FieldGroup.PROFILE,
        example="12 St James's Square, London",
        aliases="address street street_address postal_address mailing_address adresse strasse anschrift rue"
        " direccion direccion_postal endereco rua morada billing_street mailing_street address_1 address1"
        " address_line_1 billing_address_1 default_address_address1 address_line1 address1_line1 street_1"
        " business_street billingstreet mailingstreet address_1_street address_1_street_1 billing_address_line1"
        " po_address_line1 poaddressline1 calle postanschrift strasse_und_hausnummer po_address_line_1"
        " address_1_formatted street_line_1",
        max_length=MAX_ADDRESS,
        channels=(Channel.DIRECT_MAIL,),
    ),
    MemberField(
        name="shippingAddress",
        column="shipping_address",
        type=JSON_OBJECT,
        table=MemberTable.ADDRESSES,
        label="Shipping address",
        description="The shipping address, as an object; null if there is none.",
        clean=cleaning.clean_address_object,
        aliases="shippingaddress shipping_address lieferadresse adresse_de_livraison direccion_de_envio",
    ),
    MemberField(
        name="billingAddress",
        column="billing_address",
        type=JSON_OBJECT,
        table=MemberTable.ADDRESSES,
        label="Billing address",
        description="The billing address, as an object; null if there is none.",
        clean=cleaning.clean_address_object,
        aliases="billingaddress billing_address rechnungsadresse adresse_de_facturation",
    ),
    MemberField(
        name="createdAt",
        column="created_at",
        type=INSTANT,
        label="Created",
        description="When the member was created here.",
        required=True,
        group=FieldGroup.ENGAGEMENT,
        example="2026-01-31T09:30:00Z",
        is_personal=False,
    ),
    MemberField(
        name="updatedAt",
        column="updated_at",
        type=INSTANT,
        label="Updated",
        description="When the member last changed.",
        required=True,
        group=FieldGroup.ENGAGEMENT,
        example="2026-01-31T09:30:00Z",
        is_personal=False,
    ),
    MemberField(
        name="hasAddress",
        column="has_address",
        type=FLAG,
        label="Has an address",
        description="Whether the member has a postal address.",
        default="false",
        required=True,
        group=FieldGroup.CONSENT,
        example=True,
        suggestions=Suggestions.COUNTED,
        is_mappable=False,
        is_personal=False,
    ),
)

BY_NAME: Final = {field.name: field for field in FIELDS}

CONSENTS: Final = {field.name: field.consent for field in FIELDS if field.consent is not None}
"""The channels of the fields that are consents."""
ATTRIBUTES: Final = "attributes"
"""The column of the custom attributes, and what the API calls them."""
