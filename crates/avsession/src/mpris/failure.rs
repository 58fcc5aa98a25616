//! D-Bus errors.

use crate::error::Error;

/// An error reply: a name and a reason.
#[derive(Debug)]
pub struct Failure {
    /// Name of the error.
    pub name: &'static str,
    /// The reason in words.
    pub reason: String,
}

macro_rules! failures {
    ($($(#[$doc:meta])* $function:ident $name:literal,)*) => {
        impl Failure {
            $($(#[$doc])* pub fn $function(reason: impl Into<String>) -> Self {
                Self { name: concat!("org.freedesktop.DBus.Error.", $name), reason: reason.into() }
            })*
        }
    };
}

failures! {
    /// The arguments have wrong types or values.
    invalid_arguments "InvalidArgs",
    /// There is no such object.
    unknown_object "UnknownObject",
    /// The object has no such interface.
    unknown_interface "UnknownInterface",
    /// The interface has no such method.
    unknown_method "UnknownMethod",
    /// The interface has no such property.
    unknown_property "UnknownProperty",
    /// The property cannot be set.
    read_only "PropertyReadOnly",
    /// The player does not do this.
    not_supported "NotSupported",
    /// Too much at a time.
    limits_exceeded "LimitsExceeded",
    /// It failed.
    failed "Failed",
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        let reason = error.to_string();
        match error {
            Error::InvalidValue { .. } => Self::invalid_arguments(reason),
            Error::SessionInactive | Error::CommandUnavailable(_) => Self::not_supported(reason),
            Error::Overloaded => Self::limits_exceeded(reason),
            _ => Self::failed(reason),
        }
    }
}
