use super::*;
use proptest::prelude::*;
use serde_json::json;

fn digest(content: &str) -> String {
    Digest::sha256(content.as_bytes()).to_string()
}

fn descriptor(media_type: &str, content: &str) -> serde_json::Value {
    json!({"mediaType": media_type, "digest": digest(content), "size": content.len()})
}

fn image() -> serde_json::Value {
    json!({
        "schemaVersion": 2, "mediaType": OCI_MANIFEST,
        "config": descriptor("application/vnd.oci.image.config.v1+json", "config"),
        "layers": [descriptor("application/vnd.oci.image.layer.v1.tar", "layer")],
    })
}

fn parse(content_type: Option<&str>, body: &serde_json::Value) -> Result<Manifest, ManifestError> {
    Manifest::parse(content_type, body.to_string().as_bytes())
}

#[test]
fn an_image_names_its_config_and_layers() {
    let manifest = parse(Some(OCI_MANIFEST), &image()).unwrap();
    assert_eq!(manifest.kind, Kind::Image);
    assert_eq!(manifest.blobs.len(), 2);
    let config = Some("application/vnd.oci.image.config.v1+json".to_owned());
    assert_eq!(manifest.artifact_type, config, "the config's type stands in");
}

#[test]
fn the_content_type_is_kept_as_it_was_pushed() {
    let pushed = format!("{OCI_MANIFEST}; charset=utf-8");
    assert_eq!(parse(Some(&pushed), &image()).unwrap().media_type, pushed);
    assert_eq!(parse(None, &image()).unwrap().media_type, OCI_MANIFEST);
}

#[test]
fn a_manifest_without_any_media_type_is_known_by_its_shape() {
    let mut body = image();
    body.as_object_mut().unwrap().remove("mediaType");
    assert_eq!(parse(None, &body).unwrap().media_type, OCI_MANIFEST);
    let index = json!({"schemaVersion": 2, "manifests": []});
    assert_eq!(parse(None, &index).unwrap().kind, Kind::Index);
    assert!(matches!(parse(None, &json!({})), Err(ManifestError::MediaType(_))));
}

#[test]
fn header_and_body_must_agree() {
    let error = parse(Some(OCI_INDEX), &image()).unwrap_err();
    let expected =
        ManifestError::Mismatch { header: OCI_INDEX.to_owned(), body: OCI_MANIFEST.to_owned() };
    assert_eq!(error, expected);
}

#[test]
fn layers_that_are_never_pushed_need_not_be_there() {
    for foreign in NON_DISTRIBUTABLE {
        let mut body = image();
        body["layers"] = json!([descriptor(foreign, "elsewhere")]);
        assert_eq!(parse(None, &body).unwrap().blobs.len(), 1, "{foreign}");
    }
}

#[test]
fn a_subject_and_annotations_are_read() {
    let mut body = image();
    body["subject"] = descriptor(OCI_MANIFEST, "subject");
    body["artifactType"] = json!("application/vnd.example.sbom");
    body["annotations"] = json!({"a": "b"});
    let manifest = parse(None, &body).unwrap();
    assert_eq!(manifest.subject, Some(Digest::sha256(b"subject")));
    assert_eq!(manifest.artifact_type.as_deref(), Some("application/vnd.example.sbom"));
    assert_eq!(manifest.annotations.get("a").map(String::as_str), Some("b"));
}

#[test]
fn an_artifact_manifest_names_its_blobs() {
    let body = json!({
        "mediaType": OCI_ARTIFACT, "artifactType": "application/vnd.example",
        "blobs": [descriptor("text/plain", "a"), descriptor("text/plain", "a")],
    });
    let manifest = parse(Some(OCI_ARTIFACT), &body).unwrap();
    assert_eq!((manifest.kind, manifest.blobs.len()), (Kind::Artifact, 1), "doubles are united");
}

#[test]
fn what_is_no_manifest_is_refused_in_words() {
    let schema1 = "application/vnd.docker.distribution.manifest.v1+prettyjws";
    let mut body = image();
    body.as_object_mut().unwrap().remove("mediaType");
    assert_eq!(parse(Some(schema1), &body), Err(ManifestError::MediaType(schema1.to_owned())));
    for (bytes, word) in [
        (&b"{"[..], "EOF"),
        (b"[]", "object"),
        (br#"{"mediaType":"application/vnd.oci.image.manifest.v1+json"}"#, "config"),
        (br#"{"mediaType":"application/vnd.oci.image.index.v1+json"}"#, "manifests"),
        (br#"{"config":{"digest":"sha256:x"}}"#, "encoded"),
        (b"\xff\xfe", "UTF-8"),
        (b"{\"\xff\":1}", "UTF-8"),
        (b"{\"config\":[\"sha256:x\"]}", "object"),
        (b"{\"layers\":[[\"sha256:x\"]]}", "object"),
    ] {
        let error = Manifest::parse(None, bytes).unwrap_err().to_string();
        assert!(error.contains(word), "{error}");
    }
}

/// CVE-2021-41190: a reader that goes by the media type and one that goes by the fields would take
/// different content for it.
#[test]
fn what_is_an_image_and_a_list_at_once_is_neither() {
    let fields = |names: &[&str], media_type: &str| {
        let mut body = image();
        body["mediaType"] = json!(media_type);
        body["manifests"] = json!([]);
        body.as_object_mut().unwrap().retain(|name, _| !names.contains(&name.as_str()));
        Manifest::parse(Some(media_type), body.to_string().as_bytes())
    };
    for (without, media_type) in [
        (&[][..], OCI_MANIFEST),
        (&[], DOCKER_MANIFEST),
        (&["layers"], OCI_INDEX),
        (&["config"], OCI_INDEX),
        (&["config"], DOCKER_LIST),
    ] {
        let error = fields(without, media_type).unwrap_err().to_string();
        assert!(error.contains("another kind of manifest"), "{media_type}: {error}");
    }
    assert!(fields(&["manifests"], OCI_MANIFEST).is_ok());
    assert!(fields(&["config", "layers"], OCI_INDEX).is_ok());
}

#[test]
fn what_is_skipped_is_text_too() {
    let mut body = image().to_string().into_bytes();
    let end = body.len() - 1;
    body.splice(end.., *b",\"unknown\":[\"\xff\"]}");
    let error = Manifest::parse(None, &body).unwrap_err().to_string();
    assert!(error.contains("UTF-8"), "{error}");
}

proptest! {
    #[test]
    fn no_bytes_make_the_parser_panic(bytes: Vec<u8>) {
        let _ = Manifest::parse(Some(OCI_MANIFEST), &bytes);
    }
}
