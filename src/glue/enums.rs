//! C enums as Rust receives them: transparent integers, so that a value out of range is only a wrong number.
//!
//! Each header's file makes those of its own enums with [`c_enum_values!`]. cbindgen does not look into macros;
//! cbindgen.toml maps each type back to the C enum's name.

/// A C enum's value, whatever its number.
pub trait EnumValue {
    /// The C enum's name.
    const NAME: &'static str;

    /// The number.
    fn number(self) -> u32;
}

macro_rules! c_enum_values {
    ($($value:ident of $enumeration:ident;)*) => {$(
        #[doc = concat!("A value of `", stringify!($enumeration), "`, or any other number.")]
        #[repr(transparent)]
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub struct $value(pub u32);

        impl From<$enumeration> for $value {
            fn from(member: $enumeration) -> Self {
                Self(member as u32)
            }
        }

        impl $crate::glue::enums::EnumValue for $value {
            const NAME: &'static str = stringify!($enumeration);

            fn number(self) -> u32 {
                self.0
            }
        }
    )*};
}
pub(crate) use c_enum_values;
