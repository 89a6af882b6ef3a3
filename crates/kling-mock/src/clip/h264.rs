//! The H.264 stream of a clip: one frame in a single colour, then frames that repeat it.
//!
//! Clause numbers are those of ISO/IEC 14496-10 (ITU-T H.264). The stream is
//! Constrained Baseline with CAVLC and one slice per picture. It uses so little of the
//! standard that every syntax element is written explicitly.
//!
//! Two techniques keep it small. Only the first macroblock contains the colour, as raw
//! samples; the others are predicted from their neighbours without a residual, which takes
//! one byte per macroblock. The other frames consist of a single count of skipped
//! macroblocks. Neither needs a transform, and both decode exactly: averaging equal samples
//! and the deblocking filter do not change a uniform picture.

use super::Shape;

/// Side of a macroblock, in luma samples.
const MACROBLOCK: u32 = 16;

/// `nal_unit_header` bytes (7.3.1): `nal_ref_idc` 3, then `nal_unit_type`.
const SLICE: u8 = 0x61;
const IDR_SLICE: u8 = 0x65;
const SEQUENCE_PARAMETERS: u8 = 0x67;
const PICTURE_PARAMETERS: u8 = 0x68;

/// `frame_num` counts modulo 16, the least the standard allows (7.4.2.1.1).
const FRAME_NUM_BITS: u32 = 4;

/// Table A-1: `level_idc`, macroblocks per second, macroblocks per frame.
/// Levels that differ from the previous one only in other columns are omitted.
const LEVELS: [(u8, u32, u32); 17] = [
    (10, 1_485, 99),
    (11, 3_000, 396),
    (12, 6_000, 396),
    (13, 11_880, 396),
    (21, 19_800, 792),
    (22, 20_250, 1_620),
    (30, 40_500, 1_620),
    (31, 108_000, 3_600),
    (32, 216_000, 5_120),
    (40, 245_760, 8_192),
    (42, 522_240, 8_704),
    (50, 589_824, 22_080),
    (51, 983_040, 36_864),
    (52, 2_073_600, 36_864),
    (60, 4_177_920, 139_264),
    (61, 8_355_840, 139_264),
    (62, 16_711_680, 139_264),
];

/// A colour: luma, blue difference, red difference.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Colour {
    pub(super) luma: u8,
    pub(super) blue: u8,
    pub(super) red: u8,
}

/// The sequence parameter set (7.3.2.1.1).
pub(super) fn sequence_parameters(shape: &Shape) -> Vec<u8> {
    let (columns, rows) = macroblocks(shape);
    let mut bits = Bits::default();
    bits.put(8, 66); // profile_idc: Baseline
    bits.put(8, 0b1100_0000); // constraint_set0 and 1: Constrained Baseline
    bits.put(8, level(shape).into());
    bits.ue(0); // seq_parameter_set_id
    bits.ue(FRAME_NUM_BITS - 4);
    bits.ue(2); // pic_order_cnt_type: shown in the order of decoding
    bits.ue(1); // max_num_ref_frames
    bits.put(1, 0); // gaps_in_frame_num_value_allowed_flag
    bits.ue(columns - 1);
    bits.ue(rows - 1);
    bits.put(1, 1); // frame_mbs_only_flag
    bits.put(1, 1); // direct_8x8_inference_flag
    // Crops to the size of the picture, in units of two samples because chroma has half
    // the resolution (7.4.2.1.1).
    bits.put(1, 1); // frame_cropping_flag
    bits.ue(0); // left
    bits.ue((columns * MACROBLOCK - shape.width) / 2); // right
    bits.ue(0); // top
    bits.ue((rows * MACROBLOCK - shape.height) / 2); // bottom
    bits.put(1, 0); // vui_parameters_present_flag: the container has the timing
    bits.into_nal(SEQUENCE_PARAMETERS)
}

/// The picture parameter set (7.3.2.2): a default for everything.
pub(super) fn picture_parameters() -> Vec<u8> {
    let mut bits = Bits::default();
    bits.ue(0); // pic_parameter_set_id
    bits.ue(0); // seq_parameter_set_id
    bits.put(1, 0); // entropy_coding_mode_flag: CAVLC
    bits.put(1, 0); // bottom_field_pic_order_in_frame_present_flag
    bits.ue(0); // num_slice_groups_minus1
    bits.ue(0); // num_ref_idx_l0_default_active_minus1
    bits.ue(0); // num_ref_idx_l1_default_active_minus1
    bits.put(1, 0); // weighted_pred_flag
    bits.put(2, 0); // weighted_bipred_idc
    bits.se_zero(); // pic_init_qp_minus26
    bits.se_zero(); // pic_init_qs_minus26
    bits.se_zero(); // chroma_qp_index_offset
    bits.put(1, 0); // deblocking_filter_control_present_flag
    bits.put(1, 0); // constrained_intra_pred_flag
    bits.put(1, 0); // redundant_pic_cnt_present_flag
    bits.into_nal(PICTURE_PARAMETERS)
}

/// The first frame, in a single colour.
pub(super) fn flat_picture(shape: &Shape, colour: Colour) -> Vec<u8> {
    let (columns, rows) = macroblocks(shape);
    let mut bits = Bits::default();
    // slice_header (7.3.3)
    bits.ue(0); // first_mb_in_slice
    bits.ue(7); // slice_type: I, as all of the picture
    bits.ue(0); // pic_parameter_set_id
    bits.put(FRAME_NUM_BITS, 0);
    bits.ue(0); // idr_pic_id
    bits.put(1, 0); // no_output_of_prior_pics_flag
    bits.put(1, 0); // long_term_reference_flag
    bits.se_zero(); // slice_qp_delta

    // macroblock_layer (7.3.5) of the samples: 4:2:0, so 256 + 64 + 64.
    bits.ue(25); // mb_type: I_PCM
    bits.align();
    for (sample, count) in [(colour.luma, 256), (colour.blue, 64), (colour.red, 64)] {
        for _ in 0..count {
            bits.put(8, sample.into());
        }
    }
    // macroblock_layer of the macroblocks that are predicted from their neighbours.
    for address in 1..columns * rows {
        bits.ue(3); // mb_type: I_16x16_2_0_0, DC prediction without residual
        bits.ue(0); // intra_chroma_pred_mode: DC
        bits.se_zero(); // mb_qp_delta
        // coeff_token for no coefficients (9.2.1, table 9-5) depends on the
        // neighbours' counts, and I_PCM counts as 16: beside it and below it.
        if address == 1 || address == columns {
            bits.put(6, 0b00_0011);
        } else {
            bits.put(1, 1);
        }
    }
    bits.into_nal(IDR_SLICE)
}

/// Frame `number`, counted from the first, which repeats the previous frame.
pub(super) fn repeated_picture(shape: &Shape, number: u32) -> Vec<u8> {
    let (columns, rows) = macroblocks(shape);
    let mut bits = Bits::default();
    // slice_header (7.3.3)
    bits.ue(0); // first_mb_in_slice
    bits.ue(5); // slice_type: P, as all of the picture
    bits.ue(0); // pic_parameter_set_id
    bits.put(FRAME_NUM_BITS, number.into());
    bits.put(1, 0); // num_ref_idx_active_override_flag
    bits.put(1, 0); // ref_pic_list_modification_flag_l0
    bits.put(1, 0); // adaptive_ref_pic_marking_mode_flag
    bits.se_zero(); // slice_qp_delta
    // slice_data (7.3.4)
    bits.ue(columns * rows); // mb_skip_run
    bits.into_nal(SLICE)
}

/// Columns and rows of macroblocks that cover the picture.
fn macroblocks(shape: &Shape) -> (u32, u32) {
    (
        shape.width.div_ceil(MACROBLOCK),
        shape.height.div_ceil(MACROBLOCK),
    )
}

/// The lowest level that supports the clip (A.3.1), or the highest level.
fn level(shape: &Shape) -> u8 {
    let (columns, rows) = macroblocks(shape);
    let (size, longest) = (columns * rows, columns.max(rows));
    LEVELS
        .into_iter()
        .find(|&(_, per_second, per_frame)| {
            size * shape.fps <= per_second
                && size <= per_frame
                && longest * longest <= 8 * per_frame
        })
        .map_or(62, |(level, ..)| level)
}

/// Writes a payload bit by bit, most significant bit first.
#[derive(Debug, Default)]
struct Bits {
    bytes: Vec<u8>,
    /// The bits that do not fill a byte yet, and their number.
    partial: u8,
    held: u8,
}

impl Bits {
    /// The lowest `count` bits of `value`: u(n).
    fn put(&mut self, count: u32, value: u64) {
        for place in (0..count).rev() {
            self.partial = self.partial << 1 | u8::from(value >> place & 1 == 1);
            self.held += 1;
            if self.held == 8 {
                self.bytes.push(self.partial);
                self.held = 0;
            }
        }
    }

    /// Exp-Golomb, ue(v) (9.1): `value + 1`, after as many zeros as it has bits
    /// below its highest.
    fn ue(&mut self, value: u32) {
        let code = u64::from(value) + 1;
        self.put(2 * code.ilog2() + 1, code);
    }

    /// Signed Exp-Golomb, se(v) (9.1.1), for the one value needed here.
    fn se_zero(&mut self) {
        self.ue(0);
    }

    /// Fills the last byte with zeros.
    fn align(&mut self) {
        while self.held > 0 {
            self.put(1, 0);
        }
    }

    /// Ends the payload and converts it to a NAL unit (7.3.1), with emulation prevention
    /// bytes after two zeros that precede a byte below 4.
    fn into_nal(mut self, header: u8) -> Vec<u8> {
        self.put(1, 1); // rbsp_stop_one_bit
        self.align();
        let mut nal = vec![header];
        let mut zeros = 0;
        for byte in self.bytes {
            if zeros == 2 && byte <= 3 {
                nal.push(3); // emulation_prevention_three_byte
                zeros = 0;
            }
            nal.push(byte);
            zeros = if byte == 0 { zeros + 1 } else { 0 };
        }
        nal
    }
}
