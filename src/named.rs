//! The words that stand for settings on command lines and in results: one macro writes them.

/// Gives an enum its names: `name()`, `Display`, `FromStr`, and what it is serialised as.
///
/// ```text
/// named! { Precision, "precision": Single => "single", Double => "double" }
/// ```
macro_rules! named {
    ($type:ident, $argument:literal: $($variant:ident => $name:literal),+ $(,)?) => {
        impl $type {
            /// The word that stands for it on command lines and in results.
            pub const fn name(self) -> &'static str {
                match self {
                    $($type::$variant => $name),+
                }
            }
        }

        impl std::fmt::Display for $type {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.name())
            }
        }

        impl std::str::FromStr for $type {
            type Err = $crate::error::Error;

            /// By its name.
            fn from_str(name: &str) -> $crate::error::Result<$type> {
                match name {
                    $($name => Ok($type::$variant),)+
                    _ => {
                        let reason = format!("{name:?} is none of {}", [$($name),+].join(", "));
                        Err($crate::error::Error::invalid($argument, reason))
                    }
                }
            }
        }

        #[cfg(feature = "serde")]
        impl serde::Serialize for $type {
            fn serialize<S: serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
                to.serialize_str(self.name())
            }
        }
    };
}

pub(crate) use named;

#[cfg(test)]
mod tests {
    use crate::gpu::{AdapterKind, Backend};
    use crate::{Assignment, Normalization, Precision, Reduction, Side, Stop, Unit, Variant};
    use std::fmt::{Debug, Display};
    use std::str::FromStr;

    fn round_trip<T: FromStr<Err = crate::Error> + Display + PartialEq + Debug>(all: &[T]) {
        for one in all {
            assert_eq!(&one.to_string().parse::<T>().unwrap(), one);
        }
        let Err(error) = "nothing".parse::<T>() else { panic!("a name that is none") };
        assert!(error.to_string().contains(&all[0].to_string()), "{error}");
    }

    #[test]
    fn names_are_read_back() {
        round_trip(&[Precision::Single, Precision::Double]);
        round_trip(&[Unit::Nats, Unit::Bits]);
        round_trip(&[Side::P, Side::Q, Side::Both]);
        round_trip(&[Reduction::None, Reduction::Sum, Reduction::Mean]);
        round_trip(&[Assignment::Soft, Assignment::Hard]);
        round_trip(&[Variant::Auto, Variant::Resident, Variant::Scaling, Variant::Reference]);
        round_trip(&[Stop::Converged, Stop::MaxIterations, Stop::Stalled, Stop::Cancelled]);
        round_trip(&[Normalization::Min, Normalization::Joint, Normalization::Columns]);
        round_trip(&[Backend::Vulkan, Backend::WebGpu, Backend::Cpu]);
        round_trip(&[AdapterKind::Discrete, AdapterKind::Unknown]);
    }
}
