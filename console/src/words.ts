// What the values of the API are called in the reader's language.
import { msg } from '@lingui/core/macro';
import type { MessageDescriptor } from '@lingui/core';
import { i18n } from '@lingui/core';

const WORDS: Readonly<Record<string, MessageDescriptor>> = {
  DRAFT: msg`Draft`, ACTIVE: msg`Active`, PAUSED: msg`Paused`, ARCHIVED: msg`Archived`,
  STATIC: msg`Static`, DYNAMIC: msg`Dynamic`,
  ACQUISITION: msg`Acquisition`, RETENTION: msg`Retention`,
  DEFAULT: msg`Default`, USER: msg`User`, CUSTOM: msg`Custom`,
  PERSON: msg`People`, ACCOUNT: msg`Accounts`, ORGANIZATION: msg`Organizations`, PRODUCT: msg`Products`,
  DEAL: msg`Deals`, ACTIVITY: msg`Activities`, TICKET: msg`Tickets`,
  NONE: msg`None`, CALCULATING: msg`Calculating`, READY: msg`Ready`, FAILED: msg`Failed`,
  EMAIL: msg`Email`, DIRECT_MAIL: msg`Direct mail`, SMS: msg`SMS`, PHONE: msg`Phone`, PUSH: msg`Push`,
  CRITERIA: msg`Criteria`, MANUAL: msg`Manual`, IMPORT: msg`Import`, PLAYBOOK: msg`Playbook`,
  CREATED: msg`Created`, EDITED: msg`Edited`, CLONED: msg`Cloned`, UNARCHIVED: msg`Unarchived`,
  RESUMED: msg`Resumed`, ACTIVATED: msg`Activated`, DELETED: msg`Deleted`,
  RUNNING: msg`Running`, SUCCEEDED: msg`Succeeded`, VOID: msg`Void`, COMPLETED: msg`Completed`,
  CANCELLED: msg`Cancelled`, UPLOADED: msg`Uploaded`, EXPIRED: msg`Expired`,
  FULL: msg`Full computation`, REFRESH: msg`Refresh`, MERGED: msg`Several refreshes`,
  ENTERED: msg`Entered`, EXITED: msg`Exited`,
  GRANTED: msg`Granted`, DENIED: msg`Denied`, UNKNOWN: msg`Unknown`,
  MEMBERS: msg`Members`, EVENTS: msg`Events`, ORDERS: msg`Orders`, SEGMENTS: msg`Segments`,
  ADMIN: msg`Administrator`, LEADER: msg`Leader`, TEAM_MEMBER: msg`Team member`,
  WORKSPACE: msg`Everybody`, PRIVATE: msg`Private`,
  NO_ADDRESS: msg`No address`, NO_CONSENT: msg`No consent`, SUPPRESSED: msg`Suppressed`,
  RECALCULATED: msg`Recalculated`, STARTED: msg`Started`, MEMBERS_ADDED: msg`Members added`,
  MEMBERS_REMOVED: msg`Members removed`, STATUS_CHANGED: msg`Status changed`,
  SOURCE: msg`Source`, TARGET: msg`Target`, EXCLUSION: msg`Exclusion`, METRICS: msg`Metrics`, DELIVERY: msg`Delivery`,
  NOT_SENT: msg`Not sent`, BUILDING: msg`Building`, INACTIVE: msg`Inactive`, DISABLED: msg`Disabled`,
  PENDING: msg`Pending`, DELIVERED: msg`Delivered`,
  EQ: msg`is`, NE: msg`is not`, IN: msg`is one of`, NOT_IN: msg`is none of`, GT: msg`more than`, GTE: msg`at least`,
  LT: msg`less than`, LTE: msg`at most`, BETWEEN: msg`between`, CONTAINS: msg`contains`,
  NOT_CONTAINS: msg`does not contain`, STARTS_WITH: msg`starts with`, ENDS_WITH: msg`ends with`, IS_SET: msg`is set`,
  IS_NOT_SET: msg`is not set`, BEFORE: msg`before`, AFTER: msg`after`, ON: msg`on`, WITHIN_LAST: msg`within the last`,
  NOT_WITHIN_LAST: msg`not within the last`, WITHIN_NEXT: msg`within the next`,
  ANNIVERSARY_WITHIN: msg`anniversary within`, HAS_ANY: msg`has any of`, HAS_ALL: msg`has all of`,
  HAS_NONE: msg`has none of`,
  COUNT: msg`number of times`, SUM: msg`sum`, AVG: msg`average`, MIN: msg`smallest`, MAX: msg`largest`,
  DISTINCT_DAYS: msg`different days`, FIRST_AT: msg`first time`, LAST_AT: msg`last time`,
  HTTP: msg`HTTP calls`, EMAIL_SERVICE: msg`Email service`, FILE: msg`Files`, REJECTED: msg`Rejected`,
  READ: msg`Read`, READ_WITHOUT_PERSONAL_DATA: msg`Read without personal data`, WRITE: msg`Read and write`, INGEST: msg`Send data`,
  PROVISIONING: msg`Manage users`,
  SEGMENT_CREATED: msg`Segment created`, SEGMENT_UPDATED: msg`Segment changed`,
  SEGMENT_ARCHIVED: msg`Segment archived`, SEGMENT_DELETED: msg`Segment deleted`, REACH_READY: msg`Reach ready`,
  REACH_FAILED: msg`Reach failed`, MEMBERS_ENTERED: msg`Members entered`, MEMBERS_EXITED: msg`Members exited`,
  IMPORT_FINISHED: msg`Import finished`, EXPORT_FINISHED: msg`Export finished`,
  DELIVERY_CHANGED: msg`Delivery changed`, CAMPAIGN_CHANGED: msg`Campaign changed`,
  METRICS_CHANGED: msg`Metrics changed`, PLAYBOOK_CHANGED: msg`Playbook changed`, LABEL_CHANGED: msg`Label changed`,
  FOLDER_CHANGED: msg`Folder changed`, USER_CHANGED: msg`User changed`, SEGMENT: msg`Segment`, LABEL: msg`Label`,
  FOLDER: msg`Folder`, CAMPAIGN: msg`Campaign`, IMPORT_TEMPLATE: msg`Import template`, EXPORT: msg`Export`,
  BULK_EDIT: msg`Bulk edit`, API_KEY: msg`API key`, GROUP: msg`Group`, SUPPRESSION: msg`Suppression`,
  EVENT: msg`Event`, MEMBER: msg`Member`, ATTRIBUTE: msg`Attribute`, DESTINATION: msg`Destination`,
  WEBHOOK: msg`Webhook`, MEMBERS_UNBLOCKED: msg`Members unblocked`, DISCARDED: msg`Discarded`, REVOKED: msg`Revoked`,
  ROTATED: msg`New secret`, UNSUPPRESSED: msg`Suppression lifted`, ERASED: msg`Erased`, TESTED: msg`Tested`,
  DOWNLOADED: msg`Downloaded`, READ_IN_BULK: msg`Read in bulk`, SIGN_IN_REFUSED: msg`Sign-in refused`,
  WITHDRAWN: msg`Withdrawn`,
  ATTRIBUTES: msg`Attributes`, CAMPAIGNS: msg`Campaigns`, PLAYBOOKS: msg`Playbooks`,
  LABELS: msg`Labels`, FOLDERS: msg`Folders`, DESTINATIONS: msg`Destinations`, WEBHOOKS: msg`Webhooks`, USERS: msg`Users`, API_KEYS: msg`API keys`,
  UPLOAD_MEBIBYTES: msg`Size of an uploaded file, MiB`, PREVIEWS_AT_ONCE: msg`Previews at the same time`, EXPORTS_AT_ONCE: msg`Exports at the same time`,
  UPLOADS_AT_ONCE: msg`Uploads at the same time`, SUBSCRIPTIONS_AT_ONCE: msg`Live subscriptions`, POINTS_PER_SECOND: msg`Points of requests a second`,
  SAVED_VIEW: msg`Saved view`, REPORT_NAME: msg`Name in reports`,
  YES: msg`Yes`, NO: msg`No`, COMPLAINT: msg`Complaint`, BOUNCE: msg`Bounce`, UNSUBSCRIBE: msg`Unsubscribed`,
  PROFILE: msg`Profile`, FIRMOGRAPHICS: msg`Firmographics`, ENGAGEMENT: msg`Engagement`, CONSENT: msg`Consent`,
  STRING: msg`Text`, NUMBER: msg`Number`, BOOLEAN: msg`Yes or no`, DATE: msg`Date`, DATETIME: msg`Time`, STRING_LIST: msg`List of texts`,
};

/** The word for a value; a value that the console does not know yet is shown as the API calls it. */
export function word(value: string | null | undefined): string {
  if (!value) return '–';
  const known = WORDS[value];
  return known ? i18n._(known) : value.charAt(0) + value.slice(1).toLowerCase().replaceAll('_', ' ');
}

const ONE: Readonly<Record<string, MessageDescriptor>> = {
  PERSON: msg`Person`, ACCOUNT: msg`Account`, ORGANIZATION: msg`Organization`, PRODUCT: msg`Product`, DEAL: msg`Deal`,
  ACTIVITY: msg`Activity`, TICKET: msg`Ticket`,
};

/** The word for one member of a kind. */
export const oneOf = (kind: string): string => (ONE[kind] ? i18n._(ONE[kind]) : word(kind));
