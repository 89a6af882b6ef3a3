//! Generates and compiles the types, and checks every sample with them.

use std::fmt::Write as _;
use std::fs;
use std::path::PathBuf;
use std::process::Command;

use kling_types::schema::{Profile, bundle};
use serde_json::{Value, json};

use super::super::samples::Samples;
use super::super::{FOLDER, plain, text};
use super::tools::{Tools, ours};
use super::{PYTHON, TYPESCRIPT, make_folder_of, said};
use crate::workspace;

/// A directory with programs, types and samples.
pub(super) struct Work<'a> {
    tools: &'a Tools,
    folder: PathBuf,
}

impl<'a> Work<'a> {
    pub(super) fn prepare(tools: &'a Tools, samples: &Samples) -> Result<Self, String> {
        let folder = tools.folder.join("work");
        let work = Work { tools, folder };
        make_folder_of(&work.at("out/x"))?;
        let bundle = plain::for_generators(&bundle(Profile::JsonSchema));
        workspace::write(&work.at("bundle.json"), &text(&bundle))?;
        let listed: Vec<Value> = samples
            .iter()
            .map(|it| json!({"file": it.file, "type": it.kind, "body": it.body}))
            .collect();
        workspace::write(&work.at("samples.json"), &json!(listed).to_string())?;
        workspace::write(&work.at("samples.mts"), &in_typescript(samples))?;
        work.copy("typescript/tsconfig.json", "tsconfig.json")?;
        work.copy("typescript/use.mts", "use.mts")?;
        work.copy("typescript/roundtrip.mjs", "out/roundtrip.mjs")?;
        work.copy("python/use.py", "use.py")?;
        work.copy("python/roundtrip.py", "roundtrip.py")?;
        Ok(work)
    }

    fn at(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    /// From `xtask/languages`.
    fn copy(&self, from: &str, to: &str) -> Result<(), String> {
        let text = workspace::read(&ours().join(from))?;
        workspace::write(&self.at(to), &text)
    }

    pub(super) fn typescript(&self) -> Result<String, String> {
        let mut json2ts = self.tools.node("json2ts");
        json2ts.args(["--bannerComment", "", "--no-additionalProperties"]);
        json2ts.arg("--input");
        json2ts.arg(self.at("bundle.json"));
        let made = said(&mut json2ts)?;
        Ok(format!("{}{}", banner("//"), without_origin(&made)))
    }

    pub(super) fn python(&self) -> Result<String, String> {
        let mut codegen = self.tools.python("datamodel-codegen");
        codegen.args(["--input-file-type", "jsonschema"]);
        codegen.args(["--output-model-type", "typing.TypedDict"]);
        codegen.args(["--target-python-version", "3.11"]);
        // The default is about to change.
        codegen.args(["--formatters", "builtin"]);
        codegen.args(["--use-schema-description", "--use-field-description"]);
        codegen.args(["--custom-file-header", banner("#").trim_end()]);
        codegen.arg("--input").arg(self.at("bundle.json"));
        let made = said(&mut codegen)?;
        Ok(format!("{}\n", made.trim_end()))
    }

    /// Compiles the types, a program that uses them, and every sample as a literal.
    pub(super) fn compile_typescript(&self) -> Result<String, String> {
        let types = workspace::root().join(FOLDER).join(TYPESCRIPT);
        workspace::write(&self.at("kling.d.ts"), &workspace::read(&types)?)?;
        let mut tsc = self.tools.node("tsc");
        tsc.arg("--project").arg(&self.folder);
        said(&mut tsc)?;
        fs::copy(self.at("samples.json"), self.at("out/samples.json"))
            .map_err(|e| format!("cannot copy samples.json: {e}"))?;
        let told = said(Command::new("node").arg(self.at("out/roundtrip.mjs")))?;
        Ok(told.trim().to_owned())
    }

    pub(super) fn check_python(&self) -> Result<String, String> {
        let types = workspace::root().join(FOLDER).join(PYTHON);
        workspace::write(&self.at("kling_types.py"), &workspace::read(&types)?)?;
        let mut mypy = self.tools.python("mypy");
        mypy.args(["--strict", "--no-error-summary"]);
        mypy.arg("--cache-dir").arg(self.at("mypy"));
        mypy.arg(self.at("use.py"));
        said(&mut mypy)?;
        let mut roundtrip = self.tools.python("python");
        roundtrip.arg(self.at("roundtrip.py"));
        let told = said(roundtrip.arg(self.at("samples.json")))?;
        Ok(told.trim().to_owned())
    }
}

fn banner(comment: &str) -> String {
    format!(
        "{comment} Generated from {FOLDER}/json/bundle.schema.json by `cargo xtask schema --languages`.\n\
         {comment} That schema also has the constraints that types cannot express, such as the format of ids.\n\n"
    )
}

/// Removes json2ts's comments about the origin of each type.
fn without_origin(made: &str) -> String {
    let mut kept: Vec<&str> = Vec::new();
    let mut lines = made.trim_start().lines();
    while let Some(line) = lines.next() {
        if line.starts_with(" * This interface was referenced by ") {
            lines.next();
            // Also the empty line before it.
            kept.pop();
        } else {
            kept.push(line);
        }
    }
    kept.join("\n") + "\n"
}

/// Renders each sample as a literal of its type.
fn in_typescript(samples: &Samples) -> String {
    let mut text = "import type { KlingEffects } from './kling.js';\n".to_owned();
    let mut names = String::new();
    for (number, sample) in samples.iter().enumerate() {
        let (kind, body, file) = (sample.kind, &sample.body, &sample.file);
        // Writing to a String does not fail.
        let _ = writeln!(text, "const s{number}: KlingEffects['{kind}'] = {body};");
        let _ = writeln!(names, "  {}: s{number},", json!(file));
    }
    text + "export const samples: Record<string, unknown> = {\n" + &names + "};\n"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comments_about_the_origin_are_removed() {
        let made = "\
/**
 * One.
 *
 * This interface was referenced by `KlingEffects`'s JSON-Schema
 * via the `definition` \"One\".
 */
export type One = string;
";
        let expected = "/**\n * One.\n */\nexport type One = string;\n";
        assert_eq!(without_origin(made), expected);
    }
}
