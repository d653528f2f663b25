//! What shells complete commands with, and the manual pages.

use std::fs;
use std::process::Command;

use crate::support::World;

/// The output of a command that works.
fn printed(world: &World, arguments: &[&str]) -> String {
    let output = world.naru(arguments).output().unwrap();
    assert!(output.status.success(), "{arguments:?}: {output:?}");
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn bash_completes_commands_and_options() {
    let world = World::empty();
    let file = world.home.path().join("naru.bash");
    fs::write(&file, printed(&world, &["completions", "bash"])).unwrap();
    let complete = |line: &str| {
        let words: Vec<_> = line.split(' ').collect();
        let script = format!(
            "source '{}' || exit 9\nCOMP_WORDS=({})\nCOMP_CWORD={}\n_naru naru '{}' '{}'\n\
             printf '%s\\n' \"${{COMPREPLY[@]}}\"",
            file.display(),
            words.iter().map(|word| format!("'{word}'")).collect::<Vec<_>>().join(" "),
            words.len() - 1,
            words.last().unwrap(),
            words[words.len() - 2],
        );
        let output = Command::new("bash").args(["--norc", "-c", &script]).output().unwrap();
        assert!(output.status.success() && output.stderr.is_empty(), "{output:?}");
        let text = String::from_utf8(output.stdout).unwrap();
        text.lines().map(str::to_owned).collect::<Vec<_>>()
    };
    assert_eq!(complete("naru scope"), ["scope-map"]);
    assert_eq!(complete("naru token cred"), ["credential"]);
    assert_eq!(complete("naru key rotate --us"), ["--use"]);
    assert_eq!(complete("naru key rotate --use "), ["issuer", "registry"]);
}

#[test]
fn every_shell_has_its_script_in_the_language_of_its_reader() {
    let world = World::empty();
    for shell in ["bash", "elvish", "fish", "powershell", "zsh"] {
        let script = printed(&world, &["completions", shell]);
        assert!(script.contains("network-rule") && script.len() > 10_000, "{shell}");
    }
    assert!(printed(&world, &["completions", "fish"]).contains("serve a registry"));
    assert!(
        printed(&world, &["completions", "zsh", "--lang", "ko"])
            .contains("레지스트리를 서비스합니다")
    );
}

#[test]
fn every_command_has_a_manual_page() {
    let world = World::empty();
    let pages = world.home.path().join("man/man1");
    let directory = pages.display().to_string();
    let output = world.naru(&["man", &directory]).output().unwrap();
    assert!(output.status.success() && output.stdout.is_empty(), "{output:?}");
    for (page, words) in [
        ("naru.1", "a container registry"),
        ("naru-serve.1", "serve a registry"),
        ("naru-key-revoke.1", "revoke a key"),
        ("naru-token-credential-generate.1", "make new passwords"),
    ] {
        let text = fs::read_to_string(pages.join(page)).unwrap();
        assert!(text.contains(".TH") && text.contains(words), "{page}: {text}");
    }
    let count = fs::read_dir(&pages).unwrap().count();
    assert_eq!(
        String::from_utf8(output.stderr).unwrap(),
        format!("{count} pages written to {directory}\n")
    );
}
