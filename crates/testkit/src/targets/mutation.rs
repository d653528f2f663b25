//! Texts that are almost those of a corpus: what a fuzzer without eyes makes of them. It finds less
//! than one that sees which way the program went, and needs nothing that is not there.

/// A source of changes: the same seed, the same changes.
#[derive(Clone, Copy, Debug)]
pub struct Mutation(u64);

/// What stands in many texts, and is often taken for something.
const WORDS: &[&[u8]] = &[
    b":",
    b"/",
    b",",
    b"=",
    b"\"",
    b"\\",
    b"*",
    b"-",
    b".",
    b"..",
    b"_",
    b"__",
    b" ",
    b"\t",
    b"\n",
    b"@",
    b"%",
    b"\0",
    b"\xff",
    b"{",
    b"}",
    b"[",
    b"]",
    b"null",
    b"0",
    b"1",
    b"-1",
    b"255",
    b"256",
    b"18446744073709551615",
    b"18446744073709551616",
    b"repository",
    b"registry:catalog:*",
    b"pull",
    b"sha256:",
    b"bytes=",
    b"Basic ",
    b"Bearer ",
    b"realm=",
    b"auths",
    b"digest",
    b"config",
    b"\xc3\xa4",
    b"~",
    b">",
    b"?",
    b"::",
    b"ffff:",
    b"/32",
    b"a",
];

impl Mutation {
    /// From a seed.
    pub const fn new(seed: u64) -> Self {
        Self(seed | 1)
    }

    /// A number below a bound (xorshift, which is enough to be various).
    fn below(&mut self, bound: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % bound.max(1) as u64).unwrap_or_default()
    }

    /// A text that is like one of these.
    pub fn of(&mut self, corpus: &[Vec<u8>]) -> Vec<u8> {
        let mut text = corpus[self.below(corpus.len())].clone();
        for _ in 0..=self.below(4) {
            let place = self.below(text.len() + 1);
            let end = (place + self.below(6)).min(text.len());
            match self.below(7) {
                0 => drop(text.splice(place..end, [])),
                1 => text.truncate(place),
                2 => {
                    let byte = u8::try_from(self.below(256)).unwrap_or_default();
                    text.insert(place, byte);
                }
                3 => {
                    let bit = 1 << self.below(8);
                    text.get_mut(place).into_iter().for_each(|byte| *byte ^= bit);
                }
                4 => {
                    let other = &corpus[self.below(corpus.len())];
                    let from = self.below(other.len() + 1);
                    text.splice(place.., other[from..].iter().copied());
                }
                5 => {
                    let again = text[place..end].to_vec();
                    text.splice(place..place, again);
                }
                _ => {
                    let word = WORDS[self.below(WORDS.len())];
                    text.splice(place..end, word.iter().copied());
                }
            }
        }
        text
    }
}
