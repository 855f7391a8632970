"""The table of the well-known fields of members, one row for each, in the order of the columns of an exported file."""

import re
from collections.abc import Callable
from typing import Any, Final

from seggraph.errors import Invalid
from seggraph.member_fields import addresses, cleaning
from seggraph.member_fields.cleaning import (
    MAX_ADDRESS,
    MAX_EXTERNAL_ID,
    MAX_PART_OF_NAME,
    MAX_PHONE,
    MAX_POSTAL_CODE,
    MAX_SALUTATION,
    MAX_SHORT_TEXT,
)
from seggraph.member_fields.field import FieldGroup, MemberField, MemberTable, PartField, Suggestions
from seggraph.member_fields.field_types import (
    ADDRESS,
    CONSENT,
    DECIMAL,
    FLAG,
    INSTANT,
    NUMBER,
    PHONE,
    TEXT,
    TEXT_LIST,
    WHOLE_NUMBER,
)
from seggraph.values import countries, domains, emails, numbers, phones, words
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
        description="The name of the member; by default the first and the last name.",
        input_description="The name of the member. Without one it is the first and the last name, and follows them.",
        clean=cleaning.text_of_at_most(MAX_SHORT_TEXT),
        group=FieldGroup.PROFILE,
        example="Ada Lovelace",
        aliases="name",
        max_length=MAX_SHORT_TEXT,
        is_searched=True,
    ),
    MemberField(
        name="firstName",
        column="first_name",
        type=TEXT,
        label="First name",
        description="The first name of a person, and the names between.",
        clean=cleaning.text_of_at_most(MAX_PART_OF_NAME),
        group=FieldGroup.PROFILE,
        example="Ada",
        aliases="first_name",
        max_length=MAX_PART_OF_NAME,
        is_searched=True,
    ),
    MemberField(
        name="lastName",
        column="last_name",
        type=TEXT,
        label="Last name",
        description="The last name of a person.",
        clean=cleaning.text_of_at_most(MAX_PART_OF_NAME),
        group=FieldGroup.PROFILE,
        example="Lovelace",
        aliases="last_name",
        max_length=MAX_PART_OF_NAME,
        is_searched=True,
    ),
    MemberField(
        name="salutation",
        column="salutation",
        type=TEXT,
        label="Salutation",
        description="How a person is addressed, such as Dr. or Ms; it is no part of the name.",
        clean=cleaning.text_of_at_most(MAX_SALUTATION),
        group=FieldGroup.PROFILE,
        example="Dr.",
        aliases="salutation",
        max_length=MAX_SALUTATION,
    ),
    MemberField(
        name="domain",
        column="domain",
        type=TEXT,
        label="Domain",
        description="The domain of the website, like example.com.",
        clean=cleaning.clean_domain,
        stored_form=domains.tidied,
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
        stored_form=emails.tidied,
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
        type=PHONE,
        label="Phone",
        description="The phone number of the member: E.164 such as +442079460000, or as it was given if it is no valid"
        " number.",
        input_description="The phone number of the member. A valid one is stored as E.164; a local one needs the"
        " phoneRegion of the workspace. Any other text stays as it is.",
        clean=cleaning.clean_phone,
        stored_form=phones.normal_form,
        group=FieldGroup.PROFILE,
        example="+442079460000",
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
        description="The country: its code of ISO 3166, such as US, or any other text as it was given.",
        input_description="The country, by its code of ISO 3166 or by its name in English, German, French, Spanish or"
        " Portuguese: it is stored as the code. Any other text stays as it is.",
        clean=cleaning.clean_country,
        stored_form=countries.normal_form,
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
        name="postalCode",
        column="postal_code",
        type=TEXT,
        label="Postal code",
        description="The postal code of the address, a text that keeps its zeros.",
        clean=cleaning.text_of_at_most(MAX_POSTAL_CODE),
        group=FieldGroup.PROFILE,
        example="SW1Y 4LE",
        aliases="postal_code postalcode postcode post_code zip zipcode zip_code plz postleitzahl code_postal"
        " codigo_postal cep zip_postal_code postal_zip_code billing_postal_code billingpostalcode billing_postcode"
        " billing_zip mailing_postal_code mailingpostalcode mailing_zip_postal_code mailing_zip default_address_zip"
        " address_zip address_postal_code address1_postalcode address_1_zip_postal_code address_1_postal_code"
        " business_postal_code business_zip po_postal_code popostalcode hq_postal_code hq_zip company_zip"
        " billing_zip_postal_code postal_code_of_address zip_code_of_address zip_postal_code_of_address",
        max_length=MAX_POSTAL_CODE,
    ),
    MemberField(
        name="state",
        column="state",
        type=TEXT,
        label="State",
        description="The state, province or region of the address.",
        clean=cleaning.text_of_at_most(MAX_SHORT_TEXT),
        group=FieldGroup.PROFILE,
        example="CA",
        aliases="state province state_province state_region state_or_province bundesland kanton provincia estado"
        " billing_state billingstate billing_province billing_state_province mailing_state mailing_state_province"
        " mailingstate address_state default_address_province default_address_province_code"
        " address1_stateorprovince address_1_state_province address_1_region business_state po_region poregion uf"
        " state_of_address company_state hq_state comunidad_autonoma",
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
        description="The lines of the address, such as street and number; or the whole address.",
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
        type=ADDRESS,
        table=MemberTable.ADDRESSES,
        label="Shipping address",
        description="The shipping address: an object with lines, postalCode, city, state, country and other keys.",
        input_description="The shipping address: an object with lines, postalCode, city, state, country and other"
        " keys, or a text with its lines.",
        clean=addresses.clean,
        aliases="shippingaddress shipping_address lieferadresse adresse_de_livraison direccion_de_envio",
    ),
    MemberField(
        name="billingAddress",
        column="billing_address",
        type=ADDRESS,
        table=MemberTable.ADDRESSES,
        label="Billing address",
        description="The billing address: an object with lines, postalCode, city, state, country and other keys.",
        input_description="The billing address: an object with lines, postalCode, city, state, country and other"
        " keys, or a text with its lines.",
        clean=addresses.clean,
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

PARTS: Final = {
    part.name: part
    for part in (
        PartField(field, part) for field in FIELDS if field.type is ADDRESS for part in addresses.PARTS
    )
}
"""The parts of the address objects, by their names, such as `shippingAddress.city`."""

CONSENTS: Final = {field.name: field.consent for field in FIELDS if field.consent is not None}
"""The channels of the fields that are consents."""
ATTRIBUTES: Final = "attributes"
"""The column of the custom attributes, and what the API calls them."""
