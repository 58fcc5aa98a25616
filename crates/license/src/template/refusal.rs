//! Refusals and warnings: which rule, at which place, in words.

use std::fmt;

use serde::ser::{Serialize, SerializeStruct, Serializer};

use base::text::shortened;

macro_rules! words {
    ($(#[$doc:meta])* $name:ident: $($variant:ident $id:literal,)*) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum $name {
            $(#[doc = $id] $variant,)*
        }

        impl $name {
            /// All of them.
            pub const ALL: &[Self] = &[$(Self::$variant,)*];

            /// The id, in upper case; stable.
            pub const fn id(self) -> &'static str {
                match self { $(Self::$variant => $id,)* }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.id())
            }
        }
    };
}

words! {
    /// A rule that a message or request can break; the table in the module's documentation explains each.
    Rule:
    NotJson "NOT_JSON",
    TooDeep "TOO_DEEP",
    DuplicateMember "DUPLICATE_MEMBER",
    WrongType "WRONG_TYPE",
    NumberAsString "NUMBER_AS_STRING",
    NumberNotInteger "NUMBER_NOT_INTEGER",
    BadBase64 "BAD_BASE64",
    UnknownField "UNKNOWN_FIELD",
    UnknownEnumValue "UNKNOWN_ENUM_VALUE",
    BothSelectors "BOTH_SELECTORS",
    EmptyContentKeySpecs "EMPTY_CONTENT_KEY_SPECS",
    SpecWithoutTrackType "SPEC_WITHOUT_TRACK_TYPE",
    KeyWithoutTrackTypeOrKeyId "KEY_WITHOUT_TRACK_TYPE_OR_KEY_ID",
    KeyLength "KEY_LENGTH",
    KeyIdLength "KEY_ID_LENGTH",
    SecurityLevelRange "SECURITY_LEVEL_RANGE",
    DuplicateTrackType "DUPLICATE_TRACK_TYPE",
    DuplicateKeyId "DUPLICATE_KEY_ID",
    NegativeDuration "NEGATIVE_DURATION",
    DurationOverflow "DURATION_OVERFLOW",
    RenewalUrlNotHttps "RENEWAL_URL_NOT_HTTPS",
    BadMessage "BAD_MESSAGE",
    PayloadMissing "PAYLOAD_MISSING",
    TokenTooLong "TOKEN_TOO_LONG",
    LicenseTooLarge "LICENSE_TOO_LARGE",
    BadSignature "BAD_SIGNATURE",
    BadCertificate "BAD_CERTIFICATE",
    PersistNotAllowed "PERSIST_NOT_ALLOWED",
    RenewNotAllowed "RENEW_NOT_ALLOWED",
    ProviderMismatch "PROVIDER_MISMATCH",
    ProviderRequired "PROVIDER_REQUIRED",
    SecurityLevelInsufficient "SECURITY_LEVEL_INSUFFICIENT",
    ContentNotFound "CONTENT_NOT_FOUND",
    PolicyNotFound "POLICY_NOT_FOUND",
    LicenseNotFound "LICENSE_NOT_FOUND",
    ReplayedRequest "REPLAYED_REQUEST",
    StaleSequence "STALE_SEQUENCE",
    LicenseExpired "LICENSE_EXPIRED",
    LicenseReleased "LICENSE_RELEASED",
    BodyTooLarge "BODY_TOO_LARGE",
    TryAgain "TRY_AGAIN",
}

words! {
    /// Why a message or policy is doubtful.
    WarningRule:
    HdcMisspelt "HDC_MISSPELT",
    UpperCaseHdcp "UPPER_CASE_HDCP",
    KeyIdMisspelt "KEY_ID_MISSPELT",
    NullMember "NULL_MEMBER",
    UnknownField "UNKNOWN_FIELD",
    BothSelectors "BOTH_SELECTORS",
    TracksWithoutKey "TRACKS_WITHOUT_KEY",
    TrackNotInContent "TRACK_NOT_IN_CONTENT",
    FieldWithoutEffect "FIELD_WITHOUT_EFFECT",
    CanPlayFalse "CAN_PLAY_FALSE",
    RenewalFieldWithoutCanRenew "RENEWAL_FIELD_WITHOUT_CAN_RENEW",
    RenewalDelayZero "RENEWAL_DELAY_ZERO",
    RenewalNeverEnforced "RENEWAL_NEVER_ENFORCED",
    NeverEnds "NEVER_ENDS",
    RenewalDelayNotBelowLicense "RENEWAL_DELAY_NOT_BELOW_LICENSE",
}

impl Rule {
    /// The status as HTTP numbers it.
    pub const fn status(self) -> u16 {
        match self {
            Self::NotJson
            | Self::TooDeep
            | Self::DuplicateMember
            | Self::WrongType
            | Self::NumberAsString
            | Self::NumberNotInteger
            | Self::BadBase64
            | Self::BadMessage => 400,
            Self::UnknownField
            | Self::UnknownEnumValue
            | Self::BothSelectors
            | Self::EmptyContentKeySpecs
            | Self::SpecWithoutTrackType
            | Self::KeyWithoutTrackTypeOrKeyId
            | Self::KeyLength
            | Self::KeyIdLength
            | Self::SecurityLevelRange
            | Self::DuplicateTrackType
            | Self::DuplicateKeyId
            | Self::NegativeDuration
            | Self::DurationOverflow
            | Self::RenewalUrlNotHttps
            | Self::PayloadMissing
            | Self::TokenTooLong
            | Self::LicenseTooLarge => 422,
            Self::BadSignature | Self::BadCertificate => 401,
            Self::PersistNotAllowed
            | Self::RenewNotAllowed
            | Self::ProviderMismatch
            | Self::ProviderRequired
            | Self::SecurityLevelInsufficient => 403,
            Self::ContentNotFound | Self::PolicyNotFound | Self::LicenseNotFound => 404,
            Self::ReplayedRequest | Self::StaleSequence => 409,
            Self::LicenseExpired | Self::LicenseReleased => 410,
            Self::BodyTooLarge => 413,
            Self::TryAgain => 503,
        }
    }

    /// The reason that goes with the status: MALFORMED_REQUEST, INVALID_REQUEST, otherwise the rule's id.
    pub const fn reason(self) -> &'static str {
        match self.status() {
            400 => "MALFORMED_REQUEST",
            422 => "INVALID_REQUEST",
            _ => self.id(),
        }
    }
}

/// Why a message or request is refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    rule: Rule,
    pointer: String,
    message: String,
    suggestion: Option<String>,
    license_id: Option<String>,
}

impl Refusal {
    /// A refusal. `pointer` is a JSON pointer to the place, empty for the whole message; `message` says what is wrong
    /// there, without key material.
    pub fn new(rule: Rule, pointer: impl Into<String>, message: impl Into<String>) -> Self {
        Self { rule, pointer: pointer.into(), message: message.into(), suggestion: None, license_id: None }
    }

    /// Adds what was probably meant, if anything.
    #[must_use]
    pub fn with_suggestion(mut self, suggestion: Option<impl Into<String>>) -> Self {
        self.suggestion = suggestion.map(Into::into);
        self
    }

    /// Adds which license is renewed no more, in hexadecimal.
    #[must_use]
    pub fn of_license(mut self, license_id: String) -> Self {
        self.license_id = Some(license_id);
        self
    }

    /// The rule.
    pub fn rule(&self) -> Rule {
        self.rule
    }

    /// The status as HTTP numbers it.
    pub fn status(&self) -> u16 {
        self.rule.status()
    }

    /// MALFORMED_REQUEST, INVALID_REQUEST or the rule's id.
    pub fn reason(&self) -> &'static str {
        self.rule.reason()
    }

    /// The place as a JSON pointer (RFC 6901); empty for the whole message.
    pub fn pointer(&self) -> &str {
        &self.pointer
    }

    /// What is wrong, in words.
    pub fn message(&self) -> &str {
        &self.message
    }

    /// What was probably meant.
    pub fn suggestion(&self) -> Option<&str> {
        self.suggestion.as_deref()
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let place = if self.pointer.is_empty() { "the message" } else { &shortened(&self.pointer) };
        write!(f, "{} {} ({}) at {place}: {}", self.status(), self.reason(), self.rule, self.message)?;
        match &self.suggestion {
            Some(suggestion) => write!(f, "; did you mean `{suggestion}`?"),
            None => Ok(()),
        }
    }
}

impl std::error::Error for Refusal {}

impl Serialize for Refusal {
    /// `{"status","reason","rule","pointer","message"[,"suggestion"][,"license_id"]}`, as a service answers.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let length = 5 + usize::from(self.suggestion.is_some()) + usize::from(self.license_id.is_some());
        let mut object = serializer.serialize_struct("Refusal", length)?;
        object.serialize_field("status", &self.status())?;
        object.serialize_field("reason", self.reason())?;
        object.serialize_field("rule", self.rule.id())?;
        object.serialize_field("pointer", &self.pointer)?;
        object.serialize_field("message", &self.message)?;
        if let Some(suggestion) = &self.suggestion {
            object.serialize_field("suggestion", suggestion)?;
        }
        if let Some(license_id) = &self.license_id {
            object.serialize_field("license_id", license_id)?;
        }
        object.end()
    }
}

/// Something doubtful that does not refuse.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Warning {
    rule: WarningRule,
    pointer: String,
    message: String,
}

impl Warning {
    pub(super) fn new(rule: WarningRule, pointer: impl Into<String>, message: impl Into<String>) -> Self {
        Self { rule, pointer: pointer.into(), message: message.into() }
    }

    /// Which warning.
    pub fn rule(&self) -> WarningRule {
        self.rule
    }

    /// The place as a JSON pointer.
    pub fn pointer(&self) -> &str {
        &self.pointer
    }

    /// What is doubtful, in words.
    pub fn message(&self) -> &str {
        &self.message
    }
}

impl fmt::Display for Warning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} at {}: {}", self.rule, shortened(&self.pointer), self.message)
    }
}

impl Serialize for Warning {
    /// `{"rule","pointer","message"}`.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut object = serializer.serialize_struct("Warning", 3)?;
        object.serialize_field("rule", self.rule.id())?;
        object.serialize_field("pointer", &self.pointer)?;
        object.serialize_field("message", &self.message)?;
        object.end()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_documentation_lists_every_rule_once_with_its_status() {
        let documentation = include_str!("mod.rs");
        for rule in Rule::ALL {
            let row = format!("//! | {} | {} | ", rule.status(), rule.id());
            assert_eq!(documentation.matches(&row).count(), 1, "{row}");
        }
        assert_eq!(documentation.matches("\n//! | ").count(), Rule::ALL.len() + 1, "rows and their heading");
        for rule in WarningRule::ALL {
            assert!(documentation.contains(rule.id()), "{rule}");
        }
    }

    #[test]
    fn refusals_and_warnings_speak() {
        let refusal = Refusal::new(Rule::UnknownField, "/policy_overrides/can persist", "there is no such field")
            .with_suggestion(Some("can_persist"));
        assert_eq!(
            refusal.to_string(),
            "422 INVALID_REQUEST (UNKNOWN_FIELD) at /policy_overrides/can persist: there is no such field; did you mean \
             `can_persist`?"
        );
        assert_eq!(
            serde_json::to_string(&refusal).unwrap(),
            r#"{"status":422,"reason":"INVALID_REQUEST","rule":"UNKNOWN_FIELD","pointer":"/policy_overrides/can persist","message":"there is no such field","suggestion":"can_persist"}"#
        );
        assert_eq!(Rule::PolicyNotFound.reason(), "POLICY_NOT_FOUND");
    }
}
