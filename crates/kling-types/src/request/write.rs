//! Serialising a request: strict, with no member written twice.

use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};

use super::{ClipLength, EffectInput, EffectRequest, InputOptions, Mode, ModelName};
use crate::wire::Extra;

/// Writes an object: its fields in order, those that are unset from `extra`,
/// then what else `extra` has. No key is written twice.
struct ObjectWriter<'a, M> {
    map: M,
    extra: &'a Extra,
    written: Vec<&'static str>,
}

impl<'a, M: SerializeMap> ObjectWriter<'a, M> {
    fn new(map: M, extra: &'a Extra) -> Self {
        ObjectWriter {
            map,
            extra,
            written: Vec::new(),
        }
    }

    fn field<T: Serialize>(&mut self, key: &'static str, value: Option<T>) -> Result<(), M::Error> {
        if let Some(value) = value {
            self.map.serialize_entry(key, &value)?;
            self.written.push(key);
        }
        Ok(())
    }

    fn options(&mut self, options: &InputOptions) -> Result<(), M::Error> {
        self.field(
            "model_name",
            options.model_name.as_ref().map(ModelName::as_str),
        )?;
        self.field("mode", options.mode.as_ref().map(Mode::as_str))?;
        self.field(
            "duration",
            options.duration.as_ref().map(ClipLength::as_str),
        )
    }

    fn end(mut self) -> Result<M::Ok, M::Error> {
        for (key, value) in self.extra {
            if !self.written.contains(&key.as_str()) {
                self.map.serialize_entry(key, value)?;
            }
        }
        self.map.end()
    }
}

impl Serialize for EffectInput {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let map = serializer.serialize_map(None)?;
        match self {
            EffectInput::Single(input) => {
                let mut object = ObjectWriter::new(map, &input.options.extra);
                object.field("image", Some(&input.image))?;
                object.options(&input.options)?;
                object.end()
            }
            EffectInput::Dual(input) => {
                let mut object = ObjectWriter::new(map, &input.options.extra);
                object.field("images", Some(&input.images))?;
                object.options(&input.options)?;
                object.end()
            }
            EffectInput::Other(members) => ObjectWriter::new(map, members).end(),
        }
    }
}

impl Serialize for EffectRequest {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut object = ObjectWriter::new(serializer.serialize_map(None)?, &self.extra);
        object.field("effect_scene", self.scene())?;
        object.field("input", self.input.given())?;
        object.field("callback_url", self.callback_url.as_deref())?;
        object.field("external_task_id", self.external_task_id.as_ref())?;
        object.end()
    }
}
