//! Reading and writing the service's objects: tolerant reading without loss.
//!
//! One rule holds for every object. A field takes the values that it understands. What
//! it can't write back unchanged (a null, a number where a string is usual, an unknown
//! member) also stays in [`Extra`] under its own name. Writing prefers the spelling in
//! `extra` as long as it still has the same meaning as the field.

use std::fmt;

use serde::{Deserialize as _, Deserializer};
use serde_json::{Map, Value};

use crate::{plain, redact};

/// The members of an object that its typed fields do not express.
pub type Extra = Map<String, Value>;

/// A value that was read, and whether writing it gives the same JSON again.
pub(crate) struct Read<T> {
    pub(crate) value: T,
    pub(crate) exact: bool,
}

// `Option`, because that is what every reader returns.
#[allow(clippy::unnecessary_wraps)]
impl<T> Read<T> {
    pub(crate) fn exact(value: T) -> Option<Self> {
        Some(Read { value, exact: true })
    }

    pub(crate) fn respelled(value: T) -> Option<Self> {
        Some(Read {
            value,
            exact: false,
        })
    }

    pub(crate) fn map<U>(self, f: impl FnOnce(T) -> U) -> Read<U> {
        Read {
            value: f(self.value),
            exact: self.exact,
        }
    }
}

/// A type that can be read from a JSON value; `None` if the value does not fit it.
pub(crate) trait FromWire: Sized + fmt::Debug {
    fn from_wire(value: &Value) -> Option<Read<Self>>;

    /// Reads the value directly from the text, if it has the documented form.
    fn from_plain<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        plain::single(deserializer)
    }

    /// Its `Debug` as a field: secrets are hidden, and long texts are cut.
    fn show(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self, f)
    }
}

/// A type that can stand as a field of a wire object.
pub(crate) trait Field: Sized {
    /// Reads the member, which may be absent; `None` means that the object is
    /// unusable without it.
    fn read(member: Option<&Value>) -> Option<Read<Self>>;

    /// Reads a member directly from the text, if it has the documented form.
    fn read_plain<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error>;

    /// Whether the field is left out when the object is written.
    fn is_unset(&self) -> bool {
        false
    }

    /// Its `Debug` as a field.
    fn show(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result;
}

/// The `Debug` of a field.
pub(crate) struct Shown<'a, T>(pub(crate) &'a T);

impl<T: Field> fmt::Debug for Shown<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Field::show(self.0, f)
    }
}

impl<T: FromWire> Field for T {
    fn read(member: Option<&Value>) -> Option<Read<Self>> {
        T::from_wire(member?)
    }

    fn read_plain<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        T::from_plain(deserializer)
    }

    fn show(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        FromWire::show(self, f)
    }
}

impl<T: FromWire> Field for Option<T> {
    fn read(member: Option<&Value>) -> Option<Read<Self>> {
        match member.and_then(T::from_wire) {
            Some(read) => Some(read.map(Some)),
            None => Read::respelled(None),
        }
    }

    fn read_plain<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        T::from_plain(deserializer).map(Some)
    }

    fn is_unset(&self) -> bool {
        self.is_none()
    }

    fn show(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Some(value) => f.debug_tuple("Some").field(&Shown(value)).finish(),
            None => f.write_str("None"),
        }
    }
}

impl<T: FromWire> Field for Vec<T> {
    fn read(member: Option<&Value>) -> Option<Read<Self>> {
        let Some(Value::Array(items)) = member else {
            return Read::respelled(Vec::new());
        };
        // An empty list is omitted when written, so `extra` must keep it.
        let mut exact = !items.is_empty();
        let mut value = Vec::with_capacity(items.len());
        for item in items {
            let read = T::from_wire(item);
            exact &= read.as_ref().is_some_and(|read| read.exact);
            value.extend(read.map(|read| read.value));
        }
        Some(Read { value, exact })
    }

    fn read_plain<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        plain::list(deserializer)
    }

    fn is_unset(&self) -> bool {
        self.is_empty()
    }

    fn show(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.iter().map(Shown)).finish()
    }
}

impl FromWire for String {
    fn from_wire(value: &Value) -> Option<Read<Self>> {
        text_or_integer(value)
    }

    fn from_plain<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)
    }

    fn show(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&redact::text(self), f)
    }
}

impl FromWire for bool {
    fn from_wire(value: &Value) -> Option<Read<Self>> {
        value.as_bool().and_then(Read::exact)
    }
}

impl FromWire for i64 {
    fn from_wire(value: &Value) -> Option<Read<Self>> {
        match value {
            Value::Number(number) => match number.as_i64() {
                Some(integer) => Read::exact(integer),
                // `1201.0` is an integer to JSON Schema, and to languages that have
                // one kind of number.
                None => Read::respelled(number.to_string().strip_suffix(".0")?.parse().ok()?),
            },
            Value::String(text) => text.trim().parse().ok().and_then(Read::respelled),
            _ => None,
        }
    }

    fn from_plain<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        i64::deserialize(deserializer)
    }
}

/// Text that some senders write as a number: ids, request ids. A number beyond 64 bits
/// has lost digits already, so it is not accepted.
pub(crate) fn text_or_integer(value: &Value) -> Option<Read<String>> {
    match value {
        Value::String(text) => Read::exact(text.clone()),
        Value::Number(number) if !number.is_f64() => Read::respelled(number.to_string()),
        _ => None,
    }
}

/// An object that is being read, field by field. It is borrowed, not copied: in most
/// answers the fields take everything.
pub(crate) struct Members<'a> {
    all: &'a Extra,
    /// The keys that have a field.
    known: &'static [&'static str],
    /// How many members the fields can write back.
    taken: usize,
    /// The keys of known members that their fields cannot write back.
    respelled: Vec<&'static str>,
}

impl<'a> Members<'a> {
    pub(crate) fn of(all: &'a Extra, known: &'static [&'static str]) -> Self {
        Members {
            all,
            known,
            taken: 0,
            respelled: Vec::new(),
        }
    }

    /// Reads a field. What it can't write back stays in the rest.
    pub(crate) fn take<T: Field>(&mut self, key: &'static str) -> Option<T> {
        self.take_found(key, self.all.get(key))
    }

    /// The same for a member that was found already.
    pub(crate) fn take_found<T: Field>(
        &mut self,
        key: &'static str,
        member: Option<&Value>,
    ) -> Option<T> {
        let read = T::read(member)?;
        match member {
            Some(_) if read.exact => self.taken += 1,
            Some(_) => self.respelled.push(key),
            None => {}
        }
        Some(read.value)
    }

    /// Removes a member from the rest, because a field expresses it in another form.
    pub(crate) fn forget(&mut self, key: &'static str) {
        self.taken += usize::from(self.all.contains_key(key));
    }

    /// The members that the fields can't express.
    pub(crate) fn rest(self) -> Extra {
        if self.taken == self.all.len() {
            return Extra::new();
        }
        let is_left = |key: &str| !self.known.contains(&key) || self.respelled.contains(&key);
        let left = (self.all.iter()).filter(|(key, _)| is_left(key));
        left.map(|(key, value)| (key.clone(), value.clone()))
            .collect()
    }
}

/// The original spelling of a field, if it still has the meaning of the field.
pub(crate) fn kept_spelling<'a, T: Field + PartialEq>(
    extra: &'a Extra,
    key: &str,
    field: &T,
) -> Option<&'a Value> {
    let kept = extra.get(key)?;
    (T::read(Some(kept))?.value == *field).then_some(kept)
}

/// Defines a wire object: a struct with public fields and `extra`, which is read and
/// written by the rule above.
macro_rules! wire_object {
    (
        $(#[$meta:meta])*
        pub struct $name:ident {
            $( $(#[$field_meta:meta])* $key:literal => $field:ident: $type:ty, )*
        }
    ) => {
        $(#[$meta])*
        #[derive(Clone, PartialEq)]
        #[non_exhaustive]
        pub struct $name {
            $( $(#[$field_meta])* pub $field: $type, )*
            /// Members without a field here, and spellings that the fields
            /// cannot express. Written back as they came.
            pub extra: $crate::wire::Extra,
        }

        impl $name {
            /// The members that have a field.
            pub(crate) const KEYS: &[&str] = &[$($key),*];

            /// Reads the object's members; the error names the member that is
            /// missing or unusable.
            pub(crate) fn from_members(
                members: &$crate::wire::Extra,
            ) -> Result<Self, &'static str> {
                // In a single pass: a look-up per field would cost more than reading it.
                $( let mut $field = None; )*
                for (key, value) in members {
                    match key.as_str() {
                        $( $key => $field = Some(value), )*
                        _ => {}
                    }
                }
                let mut members = $crate::wire::Members::of(members, Self::KEYS);
                Ok(Self {
                    $( $field: members.take_found($key, $field).ok_or($key)?, )*
                    extra: members.rest(),
                })
            }
        }

        impl $crate::plain::Object for $name {
            fn from_map<'de, A: serde::de::MapAccess<'de>>(mut map: A) -> Result<Self, A::Error> {
                use serde::de::Error as _;
                use $crate::plain::{Key, Plain};
                use $crate::wire::{Field as _, Read};

                $( let mut $field: Option<$type> = None; )*
                let mut extra = $crate::wire::Extra::new();
                while let Some(Key(key)) = map.next_key()? {
                    match &*key {
                        $( $key if $field.is_none() => {
                            let Plain(value) = map.next_value()?;
                            $field = Some(value);
                        } )*
                        // Of two members of the same key the last one counts.
                        key if Self::KEYS.contains(&key) => {
                            return Err(A::Error::custom("a key twice"));
                        }
                        _ => {
                            extra.insert(key.into_owned(), map.next_value()?);
                        }
                    }
                }
                $( let $field = match $field {
                    None => <$type>::read(None).map(|Read { value, .. }| value),
                    given => given,
                }; )*
                Ok(Self {
                    $( $field: $field.ok_or_else(|| A::Error::missing_field($key))?, )*
                    extra,
                })
            }
        }

        impl std::fmt::Debug for $name {
            /// Neither shows the query of a URL, which may be a signature, nor
            /// the values in `extra`.
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.debug_struct(stringify!($name))
                    $( .field(stringify!($field), &$crate::wire::Shown(&self.$field)) )*
                    .field("extra", &$crate::redact::Keys(&self.extra))
                    .finish()
            }
        }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                use serde::ser::SerializeMap as _;
                use $crate::wire::Field as _;

                let mut map = serializer.serialize_map(None)?;
                $(
                    if let Some(kept) = $crate::wire::kept_spelling(&self.extra, $key, &self.$field) {
                        map.serialize_entry($key, kept)?;
                    } else if !self.$field.is_unset() {
                        map.serialize_entry($key, &self.$field)?;
                    }
                )*
                for (key, value) in &self.extra {
                    if !Self::KEYS.contains(&key.as_str()) {
                        map.serialize_entry(key, value)?;
                    }
                }
                map.end()
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                use serde::de::Error as _;
                let members = $crate::wire::Extra::deserialize(deserializer)?;
                Self::from_members(&members).map_err(|key| {
                    D::Error::custom(format_args!("`{key}` is missing or unusable"))
                })
            }
        }
    };
}
pub(crate) use wire_object;

/// Makes wire objects readable as fields of others, in their one documented
/// shape.
macro_rules! read_as_fields {
    ($($name:ident),* $(,)?) => {$(
        impl $crate::wire::FromWire for $name {
            fn from_wire(value: &serde_json::Value) -> Option<$crate::wire::Read<Self>> {
                $crate::wire::Read::exact(Self::from_members(value.as_object()?).ok()?)
            }

            fn from_plain<'de, D: serde::Deserializer<'de>>(
                deserializer: D,
            ) -> Result<Self, D::Error> {
                $crate::plain::object(deserializer)
            }
        }
    )*};
}
pub(crate) use read_as_fields;
