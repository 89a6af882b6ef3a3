//! Generates the videos that the fake service's results link to.
//!
//! Since programs may open a downloaded result, it is a real file that any player can show:
//! H.264 in MP4, with the size, frame rate and duration that the task requested. It shows a
//! single colour, which takes a few kilobytes and needs neither an encoder nor a file in the
//! repository.
//!
//! [`h264`] writes the frames and [`mp4`] the container.

mod h264;
mod mp4;

use h264::Colour;

/// About the maximum of the highest level of H.264 (ISO/IEC 14496-10, A.3).
const MAX_SIDE: u16 = 16_384;
const MAX_FPS: u16 = 300;
/// An hour. With the two limits above, every length and count fits into 32 bits.
const MAX_SECONDS: u16 = 3_600;
/// 2 GiB: a file is generated in memory, and this size is addressable on every platform.
const MAX_BYTES: u64 = i32::MAX as u64;

/// The parameters of a clip, which determine every byte of it.
///
/// Values out of range are clamped: sides to between 2 and 16384, the duration to between a
/// second and an hour, and the frame rate to at most 300 per second. Odd sides are rounded
/// up, because chroma has half the resolution of luma.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Clip {
    /// Width in pixels.
    pub(crate) width: u16,
    /// Height in pixels.
    pub(crate) height: u16,
    /// Frames per second.
    pub(crate) fps: u16,
    /// The exact duration.
    pub(crate) seconds: u16,
    /// Determines the colour; clips with different seeds always differ.
    pub(crate) seed: u64,
    /// Pads the file to this size, at most 2 GiB, with data that players skip.
    pub(crate) min_bytes: u64,
}

/// The clamped dimensions of a clip.
#[derive(Debug)]
struct Shape {
    width: u32,
    height: u32,
    fps: u32,
    frames: u32,
}

impl Clip {
    /// The clip as an MP4 file.
    pub(crate) fn encode(&self) -> Vec<u8> {
        let shape = self.shape();
        let pictures: Vec<Vec<u8>> = (0..shape.frames)
            .map(|number| match number {
                0 => h264::flat_picture(&shape, self.colour()),
                _ => h264::repeated_picture(&shape, number),
            })
            .collect();
        let mut file = mp4::file(
            &shape,
            &h264::sequence_parameters(&shape),
            &h264::picture_parameters(),
            &pictures,
        );
        self.pad(&mut file);
        file
    }

    fn shape(&self) -> Shape {
        let side = |pixels: u16| u32::from(pixels.clamp(2, MAX_SIDE)).next_multiple_of(2);
        let fps = u32::from(self.fps.clamp(1, MAX_FPS));
        Shape {
            width: side(self.width),
            height: side(self.height),
            fps,
            frames: fps * u32::from(self.seconds.clamp(1, MAX_SECONDS)),
        }
    }

    /// A colour within the gamut that is not close to black or white.
    fn colour(&self) -> Colour {
        // Fibonacci hashing: similar seeds get different colours.
        let mixed = self.seed.wrapping_mul(0x9e37_79b9_7f4a_7c15);
        let [luma, blue, red, ..] = mixed.to_be_bytes();
        Colour {
            luma: 80 + luma / 3,
            blue: 96 + blue / 4,
            red: 96 + red / 4,
        }
    }

    /// Ends the file with a box of free space (ISO/IEC 14496-12, 8.1.2). It contains the
    /// seed, since there are more seeds than colours, and then zeros.
    fn pad(&self, file: &mut Vec<u8>) {
        let shortest = 4 + 4 + 8; // size, name, seed
        let padded = usize::try_from(self.min_bytes.min(MAX_BYTES)).unwrap_or(usize::MAX);
        let size = padded.saturating_sub(file.len()).max(shortest);
        let end = file.len() + size;
        file.extend(u32::try_from(size).unwrap_or(u32::MAX).to_be_bytes());
        file.extend(b"free");
        file.extend(self.seed.to_be_bytes());
        file.resize(end, 0);
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;
    use std::process::{Command, Stdio};

    use super::Clip;

    const CLIP: Clip = Clip {
        width: 1280,
        height: 720,
        fps: 24,
        seconds: 5,
        seed: 7,
        min_bytes: 0,
    };

    /// The boxes that fill `bytes` exactly, by name.
    fn boxes(mut bytes: &[u8]) -> Vec<(&str, &[u8])> {
        let mut found = Vec::new();
        while !bytes.is_empty() {
            let size = word(bytes, 0) as usize;
            let name = std::str::from_utf8(&bytes[4..8]).unwrap();
            found.push((name, &bytes[8..size]));
            bytes = &bytes[size..];
        }
        found
    }

    /// The content of the box at this path.
    fn find<'a>(file: &'a [u8], path: &str) -> &'a [u8] {
        path.split('/').fold(file, |bytes, wanted| {
            let found = boxes(bytes).into_iter().find(|(name, _)| *name == wanted);
            found.unwrap_or_else(|| panic!("no {wanted} of {path}")).1
        })
    }

    fn word(bytes: &[u8], index: usize) -> u32 {
        u32::from_be_bytes(bytes[4 * index..][..4].try_into().unwrap())
    }

    #[test]
    fn boxes_agree_with_the_clip_and_each_other() {
        let file = CLIP.encode();
        let names: Vec<_> = boxes(&file).into_iter().map(|(name, _)| name).collect();
        assert_eq!(names, ["ftyp", "moov", "mdat", "free"]);

        let movie = find(&file, "moov/mvhd");
        let media = find(&file, "moov/trak/mdia/mdhd");
        for header in [movie, media] {
            let (timescale, duration) = (word(header, 3), word(header, 4));
            assert_eq!(duration, 5 * timescale);
        }

        let stbl = find(&file, "moov/trak/mdia/minf/stbl");
        let stsz = find(stbl, "stsz");
        assert_eq!(word(stsz, 2), 24 * 5);
        let sizes: Vec<_> = (0..24 * 5).map(|n| word(stsz, 3 + n) as usize).collect();
        let samples = find(&file, "mdat");
        assert_eq!(sizes.iter().sum::<usize>(), samples.len());

        // The samples are at the offsets in the index, and each is one NAL unit.
        let mut rest = &file[word(find(stbl, "stco"), 2) as usize..];
        for size in sizes {
            assert_eq!(word(rest, 0) as usize, size - 4);
            rest = &rest[size..];
        }
        assert_eq!(word(rest, 1).to_be_bytes(), *b"free");
    }

    #[test]
    fn the_same_clip_is_the_same_file() {
        assert_eq!(CLIP.encode(), CLIP.encode());
    }

    #[test]
    fn another_seed_is_another_file_even_in_the_same_colour() {
        let twin = (8..10_000_000)
            .map(|seed| Clip { seed, ..CLIP })
            .find(|clip| clip.colour() == CLIP.colour())
            .unwrap();
        assert_ne!(twin.encode(), CLIP.encode());
        let next = Clip { seed: 8, ..CLIP };
        assert_ne!(find(&next.encode(), "mdat"), find(&CLIP.encode(), "mdat"));
    }

    #[test]
    fn padding_fills_up_exactly_and_changes_nothing_before_it() {
        let plain = CLIP.encode();
        for extra in [0, 1, 8, 100_000] {
            let min_bytes = plain.len() as u64 + extra;
            let padded = Clip { min_bytes, ..CLIP }.encode();
            assert_eq!(padded.len() as u64, min_bytes);
            for name in ["ftyp", "moov", "mdat"] {
                assert_eq!(find(&padded, name), find(&plain, name));
            }
        }
        let min_bytes = 1;
        assert_eq!(Clip { min_bytes, ..CLIP }.encode(), plain);
    }

    #[test]
    fn values_out_of_range_are_taken_as_the_nearest() {
        let nothing = Clip {
            width: 0,
            height: 0,
            fps: 0,
            seconds: 0,
            ..CLIP
        };
        let least = Clip {
            width: 2,
            height: 1,
            fps: 1,
            seconds: 1,
            ..CLIP
        };
        assert_eq!(nothing.encode(), least.encode());
    }

    /// Decodes every frame with a real decoder, which must not report errors.
    #[test]
    fn ffprobe_plays_it() {
        // The last needs an emulation prevention byte.
        let sizes = [(1280, 720), (720, 1280), (721, 405), (2, 2), (64, 2048)];
        let plain = sizes.map(|(width, height)| Clip {
            width,
            height,
            ..CLIP
        });
        let longer = Clip {
            seconds: 10,
            ..CLIP
        };
        let padded = Clip {
            min_bytes: 1 << 20,
            ..CLIP
        };
        for clip in plain.into_iter().chain([longer, padded]) {
            let show = "stream=codec_name,width,height,r_frame_rate,duration,nb_read_frames";
            let ffprobe = Command::new("ffprobe")
                .args(["-v", "warning", "-count_frames", "-of", "csv=p=0"])
                .args(["-show_entries", show, "pipe:0"])
                .stdin(Stdio::piped())
                .stdout(Stdio::piped())
                .stderr(Stdio::piped())
                .spawn();
            let Ok(mut ffprobe) = ffprobe else {
                println!("no ffprobe here: not tested");
                return;
            };
            let mut stdin = ffprobe.stdin.take().unwrap();
            stdin.write_all(&clip.encode()).unwrap();
            drop(stdin);
            let output = ffprobe.wait_with_output().unwrap();
            let [width, height] = [clip.width, clip.height].map(|side| side.next_multiple_of(2));
            let (seconds, frames) = (clip.seconds, clip.seconds * 24);
            assert_eq!(
                String::from_utf8_lossy(&output.stdout).trim(),
                format!("h264,{width},{height},24/1,{seconds}.000000,{frames}")
            );
            assert_eq!(String::from_utf8_lossy(&output.stderr), "");
        }
    }
}
