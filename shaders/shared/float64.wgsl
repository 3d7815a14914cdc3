// IEEE 754 numbers from double-floats times a power of two, put together as bits: what is below 2^-126, as f32 or in a
// low word, needs no arithmetic and is not flushed.
//
//   float64_bits   the double of value 2^shift: low word, high word. Exact, but for bits of the low word below 2^-52 of
//                  the value, which are rounded.
//   float32_bits   the f32 next to high 2^shift, subnormal ones included; 2^128 and more is infinity.
//   widened_bits   of an f32 that is zero, normal, infinite or NaN, the bits of the same double.
//!include shared/twofloat.wgsl

// value 2^shift: a double-float that may leave the range of f32, or whose low word may.
struct Scaled { value: vec2f, shift: i32 }

// The same number with a value next to 1, from a value both words of which are normal or zero.
fn scaled_next_to_1(a: Scaled) -> Scaled {
  let n = binary_exponent(a.value.x);
  return Scaled(a.value * power_of_two(-n), a.shift + n);
}

fn scaled_add(a: Scaled, b: Scaled) -> Scaled {
  let shift = max(binary_exponent(a.value.x) + a.shift, binary_exponent(b.value.x) + b.shift);
  let x = df_scale(a.value, max(a.shift - shift, -252));
  let y = df_scale(b.value, max(b.shift - shift, -252));
  return Scaled(df_add(x, y), shift);
}

fn float64_bits(a: Scaled) -> vec2u {
  let sign = bitcast<u32>(a.value.x) & 0x80000000u;
  if ((bitcast<u32>(a.value.x) & 0x7f800000u) == 0u) { return vec2u(0u, sign); }
  let n = scaled_next_to_1(a);
  let bits = bitcast<u32>(n.value.x) & 0x7fffffffu;
  let exponent = i32(bits >> 23u) - 127;
  let significand = (bits & 0x007fffffu) | 0x00800000u;
  // 53 bits in two words; the low word of the value in units of the last of them is at most 2^28.
  var high = significand >> 3u;
  var low = significand << 29u;
  let units = i32(round(n.value.y * (0x1p+52f * power_of_two(-exponent))));
  let outward = select(units, -units, sign != 0u);
  let borrow = outward < 0 && low < u32(-outward);
  low += u32(outward);
  high -= select(0u, 1u, borrow);
  let fell = high < 0x00100000u;
  if (fell) {
    high = (high << 1u) | (low >> 31u);
    low = low << 1u;
  }
  let biased = u32(exponent + n.shift + 1023 - select(0, 1, fell));
  return vec2u(low, sign | (biased << 20u) | (high & 0x000fffffu));
}

fn float32_bits(high: f32, shift: i32) -> u32 {
  let bits = bitcast<u32>(high);
  let sign = bits & 0x80000000u;
  let magnitude = bits & 0x7fffffffu;
  // Subnormal as it is: what an adapter that keeps them computed.
  if (magnitude < 0x00800000u) { return select(sign, bits, shift == 0); }
  let exponent = i32(magnitude >> 23u) + shift;
  if (exponent > 254) { return sign | 0x7f800000u; }
  if (exponent > 0) { return sign | (u32(exponent) << 23u) | (magnitude & 0x007fffffu); }
  let significand = (magnitude & 0x007fffffu) | 0x00800000u;
  let places = u32(min(1 - exponent, 30));
  return sign | ((significand + (1u << (places - 1u))) >> places);
}

fn widened_bits(bits: u32) -> vec2u {
  let sign = bits & 0x80000000u;
  let magnitude = bits & 0x7fffffffu;
  if (magnitude == 0u) { return vec2u(0u, sign); }
  let exponent = magnitude >> 23u;
  let biased = select(exponent + 896u, 2047u, exponent == 255u);
  return vec2u(magnitude << 29u, sign | (biased << 20u) | ((magnitude & 0x007fffffu) >> 3u));
}
