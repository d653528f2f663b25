//! Building the product, as a task is about to run it.

use std::fs;
use std::path::PathBuf;

use cargo_metadata::MetadataCommand;
use clap::Args;

use crate::failure::Failure;
use crate::process::Invocation;
use crate::tools;

/// Which `naru` a task runs.
#[derive(Args)]
pub(crate) struct Product {
    /// Build and run the optimised binary.
    #[arg(long)]
    release: bool,
    /// Run this binary, and build none.
    #[arg(long, value_name = "FILE", conflicts_with = "release")]
    binary: Option<PathBuf>,
}

impl Product {
    /// The optimised binary.
    pub(crate) const fn optimised() -> Self {
        Self { release: true, binary: None }
    }

    /// Where the binary is; it is built unless one was given.
    pub(crate) fn binary(&self) -> Result<PathBuf, Failure> {
        if let Some(binary) = &self.binary {
            return fs::canonicalize(binary)
                .map_err(Failure::machine(format!("find {}", binary.display())));
        }
        let mut build = Invocation::new("cargo")
            .args(["build", "--quiet", "--package", "naru", "--bin", "naru"])
            .within(tools::root());
        if self.release {
            build = build.args(["--release"]);
        }
        if !build.passes()? {
            return Err(Failure::unexpected("`naru` to build", "it does not"));
        }
        let profile = if self.release { "release" } else { "debug" };
        let target = metadata()?.target_directory;
        Ok(target.join(profile).join("naru").into_std_path_buf())
    }
}

/// What cargo knows of the workspace, without the dependencies from outside.
pub(crate) fn metadata() -> Result<cargo_metadata::Metadata, Failure> {
    MetadataCommand::new()
        .current_dir(tools::root())
        .no_deps()
        .exec()
        .map_err(|error| Failure::unexpected("`cargo metadata` to answer", error.to_string()))
}
