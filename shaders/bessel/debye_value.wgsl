// Coefficients of Debye's series: P_k of ln sum u_k(t)/v^k = sum s^k P_k(z). See debye.wgsl.
// Printed by src/check/data/make_debye.py; change that, not this.
//!include shared/twofloat.wgsl

fn debye_value_1(z: vec2f) -> vec2f {
  return df_mul_add(vec2f(-0x1.aaaaaap-3f, -0x1.555556p-28f), z, vec2f(0x1p-3f, 0.0));
}

fn debye_value_2(z: vec2f) -> vec2f {
  return df_mul_add(df_mul_add(vec2f(0x1.4p-2f, 0.0), z, vec2f(-0x1.8p-2f, 0.0)), z, vec2f(0x1p-4f, 0.0));
}

fn debye_value_3(z: vec2f) -> vec2f {
  return df_mul_add(df_mul_add(df_mul_add(vec2f(-0x1.eb1c72p-1f, 0x1.c71c72p-28f), z, vec2f(0x1.bap+0f, 0.0)), z, vec2f(-0x1.a8ccccp-1f, -0x1.99999ap-26f)), z, vec2f(0x1.0aaaaap-4f, 0x1.555556p-29f));
}

fn debye_value_4(z: vec2f) -> vec2f {
  return df_mul_add(df_mul_add(df_mul_add(df_mul_add(vec2f(0x1.1a8p+2f, 0.0), z, vec2f(-0x1.53p+3f, 0.0)), z, vec2f(0x1.098p+3f, 0.0)), z, vec2f(-0x1.1cp+1f, 0.0)), z, vec2f(0x1.ap-4f, 0.0));
}

fn debye_value_5(y: f32) -> f32 {
  let b4 = 0x1.af6156p-4f + (2.0 * y * -0x1.af6156p-5f);
  let b3 = -0x1.c11cp-5f + (2.0 * y * b4 + 0x1.af6156p-5f);
  let b2 = -0x1.8c71c8p-12f + (2.0 * y * b3 - b4);
  let b1 = 0x1.2d6baep-9f + (2.0 * y * b2 - b3);
  return -0x1.20e52ep-11f + (y * b1 - b2);
}

fn debye_value_6(y: f32) -> f32 {
  let b5 = -0x1.ebep-3f + (2.0 * y * 0x1.99e556p-4f);
  let b4 = 0x1.685p-3f + (2.0 * y * b5 - 0x1.99e556p-4f);
  let b3 = -0x1.ddaaaap-6f + (2.0 * y * b4 - b5);
  let b2 = -0x1.b9p-8f + (2.0 * y * b3 - b4);
  let b1 = 0x1.2p-10f + (2.0 * y * b2 - b3);
  return -0x1.12aaaap-10f + (y * b1 - b2);
}

fn debye_value_7(y: f32) -> f32 {
  let b6 = 0x1.460998p-1f + (2.0 * y * -0x1.d1c49p-3f);
  let b5 = -0x1.32497ap-1f + (2.0 * y * b6 + 0x1.d1c49p-3f);
  let b4 = 0x1.83bb9cp-3f + (2.0 * y * b5 - b6);
  let b3 = 0x1.21c44ep-8f + (2.0 * y * b4 - b5);
  let b2 = -0x1.7422d8p-8f + (2.0 * y * b3 - b4);
  let b1 = 0x1.45cf6cp-9f + (2.0 * y * b2 - b3);
  return -0x1.21db92p-10f + (y * b1 - b2);
}

fn debye_value_8(y: f32) -> f32 {
  let b7 = -0x1.ecb962p+0f + (2.0 * y * 0x1.33f3dep-1f);
  let b6 = 0x1.19c846p+1f + (2.0 * y * b7 - 0x1.33f3dep-1f);
  let b5 = -0x1.02b626p+0f + (2.0 * y * b6 - b7);
  let b4 = 0x1.bdf598p-4f + (2.0 * y * b5 - b6);
  let b3 = 0x1.a0ef8p-6f + (2.0 * y * b4 - b5);
  let b2 = -0x1.5933p-8f + (2.0 * y * b3 - b4);
  let b1 = 0x1.43cap-8f + (2.0 * y * b2 - b3);
  return -0x1.a2808p-10f + (y * b1 - b2);
}

fn debye_value_9(y: f32) -> f32 {
  let b8 = 0x1.a218dp+2f + (2.0 * y * -0x1.d08d5ap+0f);
  let b7 = -0x1.19867ep+3f + (2.0 * y * b8 + 0x1.d08d5ap+0f);
  let b6 = 0x1.50a048p+2f + (2.0 * y * b7 - b8);
  let b5 = -0x1.29d64cp+0f + (2.0 * y * b6 - b7);
  let b4 = -0x1.488794p-5f + (2.0 * y * b5 - b6);
  let b3 = 0x1.e5929ep-6f + (2.0 * y * b4 - b5);
  let b2 = -0x1.7ff2bcp-7f + (2.0 * y * b3 - b4);
  let b1 = 0x1.0a5a04p-7f + (2.0 * y * b2 - b3);
  return -0x1.d5ac6p-9f + (y * b1 - b2);
}

fn debye_value_10(y: f32) -> f32 {
  let b9 = -0x1.89af1ep+4f + (2.0 * y * 0x1.89af1ep+2f);
  let b8 = 0x1.30dc86p+5f + (2.0 * y * b9 - 0x1.89af1ep+2f);
  let b7 = -0x1.bff106p+4f + (2.0 * y * b8 - b9);
  let b6 = 0x1.25fabcp+3f + (2.0 * y * b7 - b8);
  let b5 = -0x1.608b2ep-1f + (2.0 * y * b6 - b7);
  let b4 = -0x1.6a56e8p-3f + (2.0 * y * b5 - b6);
  let b3 = 0x1.4562ccp-5f + (2.0 * y * b4 - b5);
  let b2 = -0x1.b7d6d4p-6f + (2.0 * y * b3 - b4);
  let b1 = 0x1.0ec8f4p-6f + (2.0 * y * b2 - b3);
  return -0x1.0ba552p-7f + (y * b1 - b2);
}

fn debye_value_11(y: f32) -> f32 {
  let b10 = 0x1.9763aep+6f + (2.0 * y * -0x1.725a9ep+4f);
  let b9 = -0x1.648552p+7f + (2.0 * y * b10 + 0x1.725a9ep+4f);
  let b8 = 0x1.364956p+7f + (2.0 * y * b9 - b10);
  let b7 = -0x1.0c28ep+6f + (2.0 * y * b8 - b9);
  let b6 = 0x1.656cc4p+3f + (2.0 * y * b7 - b8);
  let b5 = 0x1.f4ef7ap-2f + (2.0 * y * b6 - b7);
  let b4 = -0x1.0ca61ep-2f + (2.0 * y * b5 - b6);
  let b3 = 0x1.8c53bcp-4f + (2.0 * y * b4 - b5);
  let b2 = -0x1.d778c2p-5f + (2.0 * y * b3 - b4);
  let b1 = 0x1.597cc6p-5f + (2.0 * y * b2 - b3);
  return -0x1.36f35ap-6f + (y * b1 - b2);
}

fn debye_value_12(y: f32) -> f32 {
  let b11 = -0x1.cb964ep+8f + (2.0 * y * 0x1.7efd42p+6f);
  let b10 = 0x1.c06bb2p+9f + (2.0 * y * b11 - 0x1.7efd42p+6f);
  let b9 = -0x1.c2c83p+9f + (2.0 * y * b10 - b11);
  let b8 = 0x1.e1eadp+8f + (2.0 * y * b9 - b10);
  let b7 = -0x1.e62994p+6f + (2.0 * y * b8 - b9);
  let b6 = 0x1.a0d9e8p+2f + (2.0 * y * b7 - b8);
  let b5 = 0x1.f47fc6p+0f + (2.0 * y * b6 - b7);
  let b4 = -0x1.d2407p-2f + (2.0 * y * b5 - b6);
  let b3 = 0x1.02c354p-2f + (2.0 * y * b4 - b5);
  let b2 = -0x1.267484p-3f + (2.0 * y * b3 - b4);
  let b1 = 0x1.d331eep-4f + (2.0 * y * b2 - b3);
  return -0x1.9bc05p-5f + (y * b1 - b2);
}

fn debye_value_13(y: f32) -> f32 {
  let b12 = 0x1.18b316p+11f + (2.0 * y * -0x1.afd87p+8f);
  let b11 = -0x1.2e128ep+12f + (2.0 * y * b12 + 0x1.afd87p+8f);
  let b10 = 0x1.584a16p+12f + (2.0 * y * b11 - b12);
  let b9 = -0x1.b5fc4ep+11f + (2.0 * y * b10 - b11);
  let b8 = 0x1.25964ep+10f + (2.0 * y * b9 - b10);
  let b7 = -0x1.348162p+7f + (2.0 * y * b8 - b9);
  let b6 = -0x1.0462bcp+3f + (2.0 * y * b7 - b8);
  let b5 = 0x1.c2a6f8p+1f + (2.0 * y * b6 - b7);
  let b4 = -0x1.3b483ap+0f + (2.0 * y * b5 - b6);
  let b3 = 0x1.4e7c3ap-1f + (2.0 * y * b4 - b5);
  let b2 = -0x1.ae4d2cp-2f + (2.0 * y * b3 - b4);
  let b1 = 0x1.4d26e4p-2f + (2.0 * y * b2 - b3);
  return -0x1.331d3ap-3f + (y * b1 - b2);
}

// The terms from s^5 on, divided by s^4: all below w = 64, above it the first three.
fn debye_value_tail(s: f32, y: f32, w: f32) -> f32 {
  var sum = 0.0;
  if (w < 64.0) {
    sum = s * (debye_value_8(y) + s * (debye_value_9(y) + s * (debye_value_10(y) + s * (debye_value_11(y) + s * (debye_value_12(y) + s * debye_value_13(y))))));
  }
  return s * (debye_value_5(y) + s * (debye_value_6(y) + s * (debye_value_7(y) + sum)));
}
