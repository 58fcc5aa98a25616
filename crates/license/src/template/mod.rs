//! The license template: the JSON message that Azure Media Services documented as the "Widevine license template".
//!
//! [`parse`] reads and checks a message, [`Template::effective_policy`] merges it with a stored policy into a [`Policy`],
//! [`Template::set`] builds one field by field, [`Template::to_json`] writes it as the .NET types do.
//!
//! # Rules
//!
//! Each [`Refusal`] names the [`Rule`] that was broken, an HTTP-like status and the place as a JSON pointer (RFC 6901).
//! With status 400 the reason is MALFORMED_REQUEST, with 422 INVALID_REQUEST, otherwise the rule's own id. A message with
//! several faults is refused for one of status 400 first.
//!
//! | status | rule | broken by |
//! |---|---|---|
//! | 400 | NOT_JSON | text that is not JSON (RFC 8259) in UTF-8 |
//! | 400 | TOO_DEEP | more than 32 arrays and objects in each other |
//! | 400 | DUPLICATE_MEMBER | a member that an object has twice, also under another accepted spelling |
//! | 400 | WRONG_TYPE | a value of another JSON type than the field's |
//! | 400 | NUMBER_AS_STRING | an integer in quotation marks |
//! | 400 | NUMBER_NOT_INTEGER | a number with a fraction or an exponent |
//! | 400 | BAD_BASE64 | text that is not padded standard base64 (RFC 4648 section 4) |
//! | 422 | UNKNOWN_FIELD | a member that the message does not have (a warning in profile azure where it cannot restrict anything: outside of content_key_specs and policy_overrides, with a name unlike any field's) |
//! | 422 | UNKNOWN_ENUM_VALUE | a word that is not one of the field's |
//! | 422 | BOTH_SELECTORS | allowed_track_types beside content_key_specs (a warning in profile azure) |
//! | 422 | EMPTY_CONTENT_KEY_SPECS | content_key_specs without an element |
//! | 422 | SPEC_WITHOUT_TRACK_TYPE | an element without track_type that does not have both key and key_id |
//! | 422 | KEY_WITHOUT_TRACK_TYPE_OR_KEY_ID | a key that belongs to nothing |
//! | 422 | KEY_LENGTH | a key that does not have 16 bytes |
//! | 422 | KEY_ID_LENGTH | a key id that does not have 16 bytes |
//! | 422 | SECURITY_LEVEL_RANGE | a security_level outside 1 to 5 |
//! | 422 | DUPLICATE_TRACK_TYPE | a track_type in two elements |
//! | 422 | DUPLICATE_KEY_ID | a key_id in two elements |
//! | 422 | NEGATIVE_DURATION | a duration below 0 |
//! | 422 | DURATION_OVERFLOW | a duration that does not fit 64 bits |
//! | 422 | RENEWAL_URL_NOT_HTTPS | can_renew with a URL that is not https (http is allowed to a loopback host) |
//! | 400 | BAD_MESSAGE | a device's message that cannot be understood (service) |
//! | 422 | PAYLOAD_MISSING | a message without a device's request (service) |
//! | 422 | TOKEN_TOO_LONG | a provider's token of more than 8,192 bytes (service) |
//! | 422 | LICENSE_TOO_LARGE | what would make a license that no device accepts (service) |
//! | 401 | BAD_SIGNATURE | a request that its device did not sign (service) |
//! | 401 | BAD_CERTIFICATE | a device certificate that the service did not issue, or that is over (service) |
//! | 403 | PERSIST_NOT_ALLOWED | a request to store a license without can_persist (service) |
//! | 403 | RENEW_NOT_ALLOWED | a renewal of a license without can_renew (service) |
//! | 403 | PROVIDER_MISMATCH | a provider that is unknown or not the content's (service) |
//! | 403 | PROVIDER_REQUIRED | a device's own request for content that is licensed through its provider (service) |
//! | 403 | SECURITY_LEVEL_INSUFFICIENT | a device below what every key demands (service) |
//! | 404 | CONTENT_NOT_FOUND | content that the service does not have (service) |
//! | 404 | POLICY_NOT_FOUND | a policy that the service does not have (service) |
//! | 404 | LICENSE_NOT_FOUND | a renewal or release of a license that the device does not have (service) |
//! | 409 | REPLAYED_REQUEST | a request that was seen before (service) |
//! | 409 | STALE_SEQUENCE | a renewal of a license that was renewed meanwhile (service) |
//! | 410 | LICENSE_EXPIRED | a renewal that comes too late (service) |
//! | 410 | LICENSE_RELEASED | a renewal of a license that was given back (service) |
//! | 413 | BODY_TOO_LARGE | a message over the limit (service) |
//! | 503 | TRY_AGAIN | nothing: the service cannot answer now (service) |
//!
//! [`Warning`]s do not refuse: HDC_MISSPELT, UPPER_CASE_HDCP, KEY_ID_MISSPELT, NULL_MEMBER, UNKNOWN_FIELD, BOTH_SELECTORS from reading;
//! CAN_PLAY_FALSE, RENEWAL_FIELD_WITHOUT_CAN_RENEW, RENEWAL_DELAY_ZERO, RENEWAL_NEVER_ENFORCED, RENEWAL_DELAY_NOT_BELOW_LICENSE,
//! NEVER_ENDS from [`Policy::warnings`]; TRACKS_WITHOUT_KEY, TRACK_NOT_IN_CONTENT from [`Template::track_warnings`]; FIELD_WITHOUT_EFFECT
//! from [`Template::renewal_warnings`].

mod build;
mod effective;
mod json;
mod model;
mod overrides;
mod parse;
mod quotes;
mod reader;
mod refusal;
mod serialise;
mod suggest;
mod url;
mod validate;
mod warnings;

pub use build::Setting;
pub use effective::{Policy, RentalScope, StoredPolicy};
pub use model::{
    AllowedTrackTypes, ContentKeySpec, DeviceLevel, Hdcp, KeyRequirement, Profile, SecurityLevel, SessionInit, Template,
};
pub use overrides::PolicyOverrides;
pub use parse::{Parsed, parse};
pub use refusal::{Refusal, Rule, Warning, WarningRule};
pub use suggest::closest;
