//! The container of a clip: the MP4 boxes around one H.264 track.
//!
//! Clause numbers are those of ISO/IEC 14496-12; the sample entry is from
//! ISO/IEC 14496-15. All boxes have version 0, and all of their fields can be
//! written as 32-bit words, so a box consists of its name, its words and its children. The
//! first word of a "full box" is its version and flags (4.2).

use super::Shape;

/// Length of a box's size and name.
const HEADER: usize = 8;

/// Fixed point 16.16.
const ONE: u32 = 0x0001_0000;

/// The identity transformation (8.2.2.2).
const UNITY: [u32; 9] = [ONE, 0, 0, 0, ONE, 0, 0, 0, 0x4000_0000];

/// The file without its padding: type, index, samples.
///
/// The index precedes the samples, so that players can start before they have the whole
/// file.
pub(super) fn file(shape: &Shape, sps: &[u8], pps: &[u8], pictures: &[Vec<u8>]) -> Vec<u8> {
    let samples: Vec<Vec<u8>> = pictures.iter().map(|nal| sample(nal)).collect();
    let sizes: Vec<u32> = samples.iter().map(|sample| word(sample.len())).collect();
    let head = |offset| {
        let index = movie(shape, sps, pps, &sizes, offset);
        [file_type(), index].concat()
    };
    // The offset of the samples follows from the length of the index, which does not
    // depend on the offset that it contains.
    let offset = word(head(0).len() + HEADER);
    [head(offset), atom(*b"mdat", &[], &samples)].concat()
}

/// A box (4.2).
fn atom(name: [u8; 4], words: &[u32], inside: &[Vec<u8>]) -> Vec<u8> {
    let inside = inside.concat();
    let size = word(HEADER + 4 * words.len() + inside.len());
    let mut bytes = size.to_be_bytes().to_vec();
    bytes.extend(name);
    bytes.extend(words.iter().flat_map(|word| word.to_be_bytes()));
    bytes.extend(inside);
    bytes
}

/// A length as a field. [`Shape`] keeps all lengths far below the limit.
fn word(length: usize) -> u32 {
    u32::try_from(length).unwrap_or(u32::MAX)
}

/// A NAL unit as a sample: preceded by its length, in four bytes as [`avc_configuration`]
/// declares.
fn sample(nal: &[u8]) -> Vec<u8> {
    [&word(nal.len()).to_be_bytes(), nal].concat()
}

/// `ftyp` (4.3). Browsers recognise a video by a brand that starts with "mp4".
fn file_type() -> Vec<u8> {
    let brands = [*b"isom", [0; 4], *b"isom", *b"avc1", *b"mp42"];
    atom(*b"ftyp", &brands.map(u32::from_be_bytes), &[])
}

/// `moov` (8.2.1). Time is counted in frames throughout.
fn movie(shape: &Shape, sps: &[u8], pps: &[u8], sizes: &[u32], offset: u32) -> Vec<u8> {
    let (timescale, duration) = (shape.fps, shape.frames);
    // Flags, creation, modification; rate, volume, reserved; next track.
    let movie_header = [
        &[0, 0, 0, timescale, duration, ONE, 0x0100_0000, 0, 0][..],
        &UNITY,
        &[0; 6],
        &[2],
    ];
    // Flags: enabled and in the movie. The track is number 1.
    let track_header = [
        &[3, 0, 0, 1, 0, duration, 0, 0, 0, 0][..],
        &UNITY,
        &[shape.width << 16, shape.height << 16],
    ];
    let undetermined = 0x55c4_0000; // the language "und", five bits a letter
    let media_header = [0, 0, 0, timescale, duration, undetermined];
    let handler = [0, 0, u32::from_be_bytes(*b"vide"), 0, 0, 0];
    let in_this_file = atom(*b"url ", &[1], &[]);
    let stbl = [
        atom(*b"stsd", &[0, 1], &[sample_entry(shape, sps, pps)]),
        atom(*b"stts", &[0, 1, shape.frames, 1], &[]), // all last one tick
        atom(*b"stss", &[0, 1, 1], &[]),               // only the first is a key frame
        atom(*b"stsc", &[0, 1, 1, shape.frames, 1], &[]), // one chunk has them all
        atom(*b"stsz", &[&[0, 0, shape.frames], sizes].concat(), &[]),
        atom(*b"stco", &[0, 1, offset], &[]),
    ];
    let minf = [
        atom(*b"vmhd", &[1, 0, 0], &[]),
        atom(*b"dinf", &[], &[atom(*b"dref", &[0, 1], &[in_this_file])]),
        atom(*b"stbl", &[], &stbl),
    ];
    let mdia = [
        atom(*b"mdhd", &media_header, &[]),
        atom(*b"hdlr", &handler, &[b"\0".to_vec()]), // an empty name
        atom(*b"minf", &[], &minf),
    ];
    let trak = [
        atom(*b"tkhd", &track_header.concat(), &[]),
        atom(*b"mdia", &[], &mdia),
    ];
    let moov = [
        atom(*b"mvhd", &movie_header.concat(), &[]),
        atom(*b"trak", &[], &trak),
    ];
    atom(*b"moov", &[], &moov)
}

/// `avc1`, a visual sample entry (12.1.3) for H.264 (14496-15, 5.4.2).
fn sample_entry(shape: &Shape, sps: &[u8], pps: &[u8]) -> Vec<u8> {
    let dpi_72 = 72 * ONE;
    let words = [
        &[0, 1][..], // reserved, data_reference_index
        &[0; 4],
        &[shape.width << 16 | shape.height, dpi_72, dpi_72, 0],
        &[1 << 16], // frame_count, and the first of 32 bytes of compressorname
        &[0; 7],
        &[24], // the last of them, and the depth: colour without alpha
    ];
    let end = 0xffff_u16.to_be_bytes().to_vec();
    let inside = [end, avc_configuration(sps, pps)];
    atom(*b"avc1", &words.concat(), &inside)
}

/// `avcC` (14496-15, 5.3.3.1): the parameter sets, and how samples are framed.
fn avc_configuration(sps: &[u8], pps: &[u8]) -> Vec<u8> {
    // The length of a parameter set has two bytes: the lower two of a sample's four.
    let set = |nal: &[u8]| sample(nal).split_off(2);
    let inside = [
        vec![1],                                       // configurationVersion
        sps.iter().skip(1).take(3).copied().collect(), // profile, constraints, level
        vec![0xff, 0xe1],                              // four bytes of length; one sequence set
        set(sps),
        vec![1], // one picture set
        set(pps),
    ];
    atom(*b"avcC", &[], &inside)
}
