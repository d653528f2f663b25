//! What a generated store holds.

use naru_oci::{Digest, RepositoryName, RepositoryNameError};
use serde_json::json;

/// The media type of [`Image::manifest`].
pub const MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";

/// Of so many images of a repository, one refers to the first.
const REFERRERS: u32 = 10;

/// How large a generated store is.
#[derive(Clone, Copy, Debug)]
pub struct Plan {
    /// How many manifests there are, at least one a repository.
    pub manifests: u32,
    /// In how many repositories.
    pub repositories: u32,
    /// How many of them are in the first repository, each with a tag.
    pub tags: u32,
}

/// An image of a generated store: a config and a layer of its own, a layer that it shares with the
/// others of its repository, and a tag.
#[derive(Clone, Debug)]
pub struct Image {
    /// Its repository.
    pub repository: RepositoryName,
    /// Its tag.
    pub tag: String,
    /// Its config and its layers.
    pub blobs: [Vec<u8>; 3],
    /// Its manifest.
    pub manifest: Vec<u8>,
}

impl Plan {
    /// Every image as (number of its repository, number within it), repository by repository.
    pub fn images(self) -> impl Iterator<Item = (u32, u32)> {
        let others = self.repositories.saturating_sub(1).max(1);
        let rest = self.manifests.saturating_sub(self.tags);
        (0..self.repositories).flat_map(move |repository| {
            let images = match repository {
                0 => self.tags,
                // What does not divide evenly goes to those that come first.
                _ => rest / others + u32::from(repository <= rest % others),
            };
            (0..images).map(move |image| (repository, image))
        })
    }

    /// The name of a repository.
    pub fn repository(number: u32) -> Result<RepositoryName, RepositoryNameError> {
        format!("growth/r{number:05}").parse()
    }

    /// The tag of an image.
    pub fn tag(number: u32) -> String {
        format!("t{number:07}")
    }
}

impl Image {
    /// An image by its number.
    pub fn of((repository, image): (u32, u32)) -> Result<Self, RepositoryNameError> {
        let blobs = [
            format!(r#"{{"architecture":"amd64","os":"linux","n":"{repository}/{image}"}}"#),
            format!("the base of repository {repository}"),
            format!("the layer of image {image} in repository {repository}"),
        ]
        .map(String::into_bytes);
        let first = match image {
            0 => None,
            _ if image % REFERRERS == 0 => Some(Self::of((repository, 0))?.manifest),
            _ => None,
        };
        let manifest = manifest(&blobs, first.as_deref());
        Ok(Self {
            repository: Plan::repository(repository)?,
            tag: Plan::tag(image),
            blobs,
            manifest,
        })
    }
}

fn manifest([config, base, layer]: &[Vec<u8>; 3], subject: Option<&[u8]>) -> Vec<u8> {
    let described = |kind: &str, content: &[u8]| {
        let digest = Digest::sha256(content).to_string();
        let media_type = format!("application/vnd.oci.image.{kind}");
        json!({ "mediaType": media_type, "digest": digest, "size": content.len() })
    };
    let mut manifest = json!({
        "schemaVersion": 2,
        "mediaType": MANIFEST,
        "config": described("config.v1+json", config),
        "layers": [described("layer.v1.tar+gzip", base), described("layer.v1.tar+gzip", layer)],
    });
    if let (Some(subject), Some(manifest)) = (subject, manifest.as_object_mut()) {
        manifest.insert("subject".to_owned(), described("manifest.v1+json", subject));
    }
    manifest.to_string().into_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_numbers_are_those_that_were_asked_for() {
        for (manifests, repositories, tags) in [(1000, 10, 100), (11, 3, 4), (1, 1, 1)] {
            let plan = Plan { manifests, repositories, tags };
            let images: Vec<_> = plan.images().collect();
            assert_eq!(images.len(), usize::try_from(manifests).unwrap());
            assert_eq!(images.iter().filter(|(of, _)| *of == 0).count(), tags as usize);
            let others = images.iter().map(|(of, _)| *of).max().unwrap() + 1;
            assert_eq!(others, repositories);
        }
    }

    #[test]
    fn no_two_images_are_alike_and_some_refer_to_the_first() {
        let image = |number| Image::of(number).unwrap();
        assert_ne!(image((0, 1)).manifest, image((0, 2)).manifest);
        assert_ne!(image((0, 1)).manifest, image((1, 1)).manifest);
        let first = Digest::sha256(&image((3, 0)).manifest).to_string();
        assert!(String::from_utf8(image((3, 10)).manifest).unwrap().contains(&first));
        assert!(!String::from_utf8(image((3, 11)).manifest).unwrap().contains(&first));
    }
}
