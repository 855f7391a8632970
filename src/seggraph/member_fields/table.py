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
from seggraph.values.csv_values import parse_boolean, parse_decimal, parse_integer
from seggraph.values.domains import is_domain
from seggraph.values.emails import MAX_EMAIL, is_email
from seggraph.vocabulary import Channel

_PHONE = re.compile(r"\+\d[\d\s().\-/]{6,}\d", re.ASCII)


def consent_column(channel: Channel) -> str:
    """The column of `members` that holds the consent for a channel."""
    return f"consent_{channel.name.lower()}"


def _is_phone(cell: str) -> bool:
    return bool(_PHONE.fullmatch(cell))


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
        is_mappable=False,
        consent=channel,
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
        aliases="id account_id accountid external_id externalid customer_id contact_id person_id user_id"
        " organization_id organisation_id product_id deal_id opportunity_id ticket_id activity_id record_id crm_id"
        " uuid sku symbol ticker key member_id company_id",
        max_length=MAX_EXTERNAL_ID,
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
        aliases="name account_name company company_name organization organisation organization_name full_name"
        " fullname contact_name account business_name security title product_name deal_name customer customer_name",
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
        aliases="domain website web site url homepage web_site account_domain company_domain email_domain"
        " website_url company_website domain_name web_domain",
        recognises=is_domain,
        accepts=is_domain,
        max_length=MAX_SHORT_TEXT,
        suggestions=Suggestions.SAMPLED,
        is_searched=True,
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
        aliases="email e_mail mail email_address emailaddress e_mail_address work_email",
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
        aliases="phone telephone phone_number mobile tel mobile_phone work_phone telephone_number cell",
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
        aliases="country country_code country_name billing_country nation hq_country",
        max_length=MAX_SHORT_TEXT,
        suggestions=Suggestions.COUNTED,
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
        aliases="city town billing_city hq_city headquarters_city",
        max_length=MAX_SHORT_TEXT,
        suggestions=Suggestions.COUNTED,
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
        aliases="industry sector gics_sector industry_sector vertical branch",
        max_length=MAX_SHORT_TEXT,
        suggestions=Suggestions.COUNTED,
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
        aliases="revenue annual_revenue turnover sales annual_sales yearly_revenue",
        accepts=_accepted_by(parse_decimal),
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
        aliases="employees number_of_employees employee_count headcount staff num_employees company_size",
        accepts=_accepted_by(parse_integer),
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
        aliases="score lead_score fit_score account_score rating",
        accepts=_accepted_by(parse_decimal),
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
        aliases="is_target target istarget target_account is_target_account",
        accepts=_accepted_by(parse_boolean),
        suggestions=Suggestions.COUNTED,
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
        aliases="tags labels tag",
        suggestions=Suggestions.COUNTED,
    ),
    _consent("consentEmail", Channel.EMAIL, "emails", "consentemail consent_email email_consent"),
    _consent(
        "consentDirectMail",
        Channel.DIRECT_MAIL,
        "direct mail",
        "consentdirectmail consent_direct_mail direct_mail_consent",
    ),
    _consent("consentSms", Channel.SMS, "text messages", "consentsms consent_sms sms_consent"),
    _consent("consentPhone", Channel.PHONE, "phone calls", "consentphone consent_phone phone_consent"),
    _consent("consentPush", Channel.PUSH, "push messages", "consentpush consent_push push_consent"),
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
        aliases="address street street_address postal_address mailing_address",
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
        aliases="shippingaddress shipping_address",
    ),
    MemberField(
        name="billingAddress",
        column="billing_address",
        type=JSON_OBJECT,
        table=MemberTable.ADDRESSES,
        label="Billing address",
        description="The billing address, as an object; null if there is none.",
        clean=cleaning.clean_address_object,
        aliases="billingaddress billing_address",
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
    ),
)

BY_NAME: Final = {field.name: field for field in FIELDS}

CONSENTS: Final = {field.name: field.consent for field in FIELDS if field.consent is not None}
"""The channels of the fields that are consents."""
ATTRIBUTES: Final = "attributes"
"""The column of the custom attributes, and what the API calls them."""
