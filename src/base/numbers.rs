//! Numbers that decide something: each is declared once, where it is used, and shown from there.
//!
//! ```ignore
//! numbers! {
//!     /// Its number is exact, and the old connection was seen.
//!     confidence EXACT = 0.85;
//!     /// Seconds within which a server closes because of what came last.
//!     window AT_ONCE_S = 0.05;
//!     /// A payload up to this length may be a goodbye.
//!     size GOODBYE: u64 = 40;
//! }
//! ```
//!
//! makes constants of these names, and `NUMBERS`, the list of them with their words. What is no
//! number of somebody's choice (a type of ICMP, a bit) stays a plain constant.

/// A number, or several of one meaning.
#[derive(Clone, Copy, Debug)]
pub struct Number {
    /// The name of its constant.
    pub name: &'static str,
    /// What it is.
    pub sort: Sort,
    /// Its value, in the unit of its constant.
    pub values: Values,
    /// Whether that is nanoseconds.
    pub nanoseconds: bool,
    /// What it says, in one sentence.
    pub doc: &'static str,
}

/// What kind of number it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sort {
    /// How sure a rule is before the capture's quality is considered, or a candidate's share.
    Confidence,
    /// What a sign adds to a sum, or takes from it.
    Weight,
    /// A length of time.
    Window,
    /// A number of bytes.
    Size,
    /// A number of things.
    Count,
    /// A part or a multiple of something.
    Fraction,
    /// What is remembered or looked at, at most.
    Bound,
}

impl Sort {
    /// Its word.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Confidence => "confidence",
            Self::Weight => "weight",
            Self::Window => "window",
            Self::Size => "size",
            Self::Count => "count",
            Self::Fraction => "fraction",
            Self::Bound => "bound",
        }
    }

    /// The unit in which it is shown, empty where there is none.
    pub fn unit(self) -> &'static str {
        match self {
            Self::Window => "s",
            Self::Size => "bytes",
            _ => "",
        }
    }
}

/// One value or several.
#[derive(Clone, Copy, Debug)]
pub enum Values {
    /// One.
    One(f64),
    /// Several, each as good as the others.
    Several(&'static [f64]),
    /// Several, each with whose it is.
    Named(&'static [(&'static str, f64)]),
}

/// Declares numbers, and `NUMBERS`, the list of them (or a list of another name: `numbers! { LIST: ...
/// }`). A window is in seconds where it has no type, else in nanoseconds; several have a plural word.
macro_rules! numbers {
    (@type windows) => { &[f64] };
    (@type counts) => { &[f64] };
    (@type named_windows) => { &[(&str, f64)] };
    (@type $kind:ident) => { f64 };
    (@type $kind:ident $type:ident) => { $type };
    (@values windows $name:ident) => { $crate::base::numbers::Values::Several($name) };
    (@values counts $name:ident) => { $crate::base::numbers::Values::Several($name) };
    (@values named_windows $name:ident) => { $crate::base::numbers::Values::Named($name) };
    (@values $kind:ident $name:ident) => { $crate::base::numbers::Values::One($name as f64) };
    (@sort confidence) => { $crate::base::numbers::Sort::Confidence };
    (@sort weight) => { $crate::base::numbers::Sort::Weight };
    (@sort window) => { $crate::base::numbers::Sort::Window };
    (@sort windows) => { $crate::base::numbers::Sort::Window };
    (@sort named_windows) => { $crate::base::numbers::Sort::Window };
    (@sort size) => { $crate::base::numbers::Sort::Size };
    (@sort count) => { $crate::base::numbers::Sort::Count };
    (@sort counts) => { $crate::base::numbers::Sort::Count };
    (@sort fraction) => { $crate::base::numbers::Sort::Fraction };
    (@sort bound) => { $crate::base::numbers::Sort::Bound };
    (@nanoseconds window $type:ident) => { true };
    (@nanoseconds $kind:ident $($type:ident)?) => { false };
    (@all $list:ident $(
        $(#[doc = $doc:literal])+ $vis:vis $kind:ident $name:ident $(: $type:ident)? = $value:expr;
    )+) => {
        $(
            $(#[doc = $doc])+
            $vis const $name: $crate::base::numbers::numbers!(@type $kind $($type)?) = $value;
        )+
        /// The numbers that are declared here, with their words.
        #[allow(clippy::cast_precision_loss, clippy::cast_lossless, clippy::unnecessary_cast)]
        pub(crate) const $list: &[$crate::base::numbers::Number] = &[$(
            $crate::base::numbers::Number {
                name: stringify!($name),
                sort: $crate::base::numbers::numbers!(@sort $kind),
                values: $crate::base::numbers::numbers!(@values $kind $name),
                nanoseconds: $crate::base::numbers::numbers!(@nanoseconds $kind $($type)?),
                doc: concat!($($doc),+).trim_ascii(),
            },
        )+];
    };
    ($list:ident: $($all:tt)+) => { $crate::base::numbers::numbers! { @all $list $($all)+ } };
    ($($all:tt)+) => { $crate::base::numbers::numbers! { @all NUMBERS $($all)+ } };
}
pub(crate) use numbers;
