// Coefficients of Debye's series: k P_k + 2 z P_k', for derivatives in the argument. See debye.wgsl.
// Printed by src/check/data/make_debye.py; change that, not this.
//!include shared/twofloat.wgsl

fn debye_argument_1(z: vec2f) -> vec2f {
  return df_mul_add(vec2f(-0x1.4p-1f, 0.0), z, vec2f(0x1p-3f, 0.0));
}

fn debye_argument_2(z: vec2f) -> vec2f {
  return df_mul_add(df_mul_add(vec2f(0x1.ep+0f, 0.0), z, vec2f(-0x1.8p+0f, 0.0)), z, vec2f(0x1p-3f, 0.0));
}

fn debye_argument_3(z: vec2f) -> vec2f {
  return df_mul_add(df_mul_add(df_mul_add(vec2f(-0x1.144p+3f, 0.0), z, vec2f(0x1.82cp+3f, 0.0)), z, vec2f(-0x1.098p+2f, 0.0)), z, vec2f(0x1.9p-3f, 0.0));
}

fn debye_argument_4(z: vec2f) -> vec2f {
  return df_mul_add(df_mul_add(df_mul_add(df_mul_add(vec2f(0x1.a7cp+5f, 0.0), z, vec2f(-0x1.a7cp+6f, 0.0)), z, vec2f(0x1.098p+6f, 0.0)), z, vec2f(-0x1.aap+3f, 0.0)), z, vec2f(0x1.ap-2f, 0.0));
}

fn debye_argument_5(y: f32) -> f32 {
  let b4 = 0x1.4389p-2f + (2.0 * y * -0x1.946b4p-1f);
  let b3 = 0x1.d8b8p-6f + (2.0 * y * b4 + 0x1.946b4p-1f);
  let b2 = -0x1.e14p-6f + (2.0 * y * b3 - b4);
  let b1 = -0x1.a6ap-7f + (2.0 * y * b2 - b3);
  return -0x1.9eap-7f + (y * b1 - b2);
}

fn debye_argument_6(y: f32) -> f32 {
  let b5 = -0x1.70e8p+0f + (2.0 * y * 0x1.cd22p+0f);
  let b4 = 0x1.f68p-5f + (2.0 * y * b5 - 0x1.cd22p+0f);
  let b3 = 0x1.038p-4f + (2.0 * y * b4 - b5);
  let b2 = -0x1.02p-8f + (2.0 * y * b3 - b4);
  let b1 = 0x1.2cp-6f + (2.0 * y * b2 - b3);
  return 0x1.6p-11f + (y * b1 - b2);
}

fn debye_argument_7(y: f32) -> f32 {
  let b6 = 0x1.6ecaccp+2f + (2.0 * y * -0x1.31a8fep+2f);
  let b5 = -0x1.412d6ap+0f + (2.0 * y * b6 + 0x1.31a8fep+2f);
  let b4 = -0x1.acdef2p-3f + (2.0 * y * b5 - b6);
  let b3 = 0x1.3251a6p-5f + (2.0 * y * b4 - b5);
  let b2 = -0x1.e32d98p-6f + (2.0 * y * b3 - b4);
  let b1 = 0x1.44ebc8p-7f + (2.0 * y * b2 - b3);
  return -0x1.26cbep-7f + (y * b1 - b2);
}

fn debye_argument_8(y: f32) -> f32 {
  let b7 = -0x1.718b0ap+4f + (2.0 * y * 0x1.cdedccp+3f);
  let b6 = 0x1.2c484p+3f + (2.0 * y * b7 - 0x1.cdedccp+3f);
  let b5 = -0x1.2a2p-10f + (2.0 * y * b6 - b7);
  let b4 = -0x1.1f04fp-2f + (2.0 * y * b5 - b6);
  let b3 = 0x1.37328p-4f + (2.0 * y * b4 - b5);
  let b2 = -0x1.3857p-5f + (2.0 * y * b3 - b4);
  let b1 = 0x1.08ffp-5f + (2.0 * y * b2 - b3);
  return -0x1.76318p-7f + (y * b1 - b2);
}

fn debye_argument_9(y: f32) -> f32 {
  let b8 = 0x1.87f744p+6f + (2.0 * y * -0x1.87f744p+5f);
  let b7 = -0x1.d50112p+5f + (2.0 * y * b8 + 0x1.87f744p+5f);
  let b6 = 0x1.f5dc64p+2f + (2.0 * y * b7 - b8);
  let b5 = 0x1.840d32p+0f + (2.0 * y * b6 - b7);
  let b4 = -0x1.514488p-2f + (2.0 * y * b5 - b6);
  let b3 = 0x1.3e0bbep-3f + (2.0 * y * b4 - b5);
  let b2 = -0x1.6000ecp-4f + (2.0 * y * b3 - b4);
  let b1 = 0x1.fc651ep-5f + (2.0 * y * b2 - b3);
  return -0x1.e61a54p-6f + (y * b1 - b2);
}

fn debye_argument_10(y: f32) -> f32 {
  let b9 = -0x1.bae502p+8f + (2.0 * y * 0x1.71142cp+7f);
  let b8 = 0x1.5f1022p+8f + (2.0 * y * b9 - 0x1.71142cp+7f);
  let b7 = -0x1.70d008p+6f + (2.0 * y * b8 - b9);
  let b6 = -0x1.09f0d4p+1f + (2.0 * y * b7 - b8);
  let b5 = 0x1.432d3p+1f + (2.0 * y * b6 - b7);
  let b4 = -0x1.51d252p-1f + (2.0 * y * b5 - b6);
  let b3 = 0x1.5177dcp-2f + (2.0 * y * b4 - b5);
  let b2 = -0x1.a42b08p-3f + (2.0 * y * b3 - b4);
  let b1 = 0x1.3be384p-3f + (2.0 * y * b2 - b3);
  return -0x1.217414p-4f + (y * b1 - b2);
}

fn debye_argument_11(y: f32) -> f32 {
  let b10 = 0x1.0b596ap+11f + (2.0 * y * -0x1.7ded74p+9f);
  let b9 = -0x1.084432p+11f + (2.0 * y * b10 + 0x1.7ded74p+9f);
  let b8 = 0x1.9d74ecp+9f + (2.0 * y * b9 - b10);
  let b7 = -0x1.25790ep+6f + (2.0 * y * b8 - b9);
  let b6 = -0x1.196be6p+4f + (2.0 * y * b7 - b8);
  let b5 = 0x1.ed487ep+1f + (2.0 * y * b6 - b7);
  let b4 = -0x1.9ebfeep+0f + (2.0 * y * b5 - b6);
  let b3 = 0x1.9fab4p-1f + (2.0 * y * b4 - b5);
  let b2 = -0x1.120a4ap-1f + (2.0 * y * b3 - b4);
  let b1 = 0x1.a9dfd6p-2f + (2.0 * y * b2 - b3);
  return -0x1.865b24p-3f + (y * b1 - b2);
}

fn debye_argument_12(y: f32) -> f32 {
  let b11 = -0x1.58b0bap+13f + (2.0 * y * 0x1.aedceap+11f);
  let b10 = 0x1.9887b2p+13f + (2.0 * y * b11 - 0x1.aedceap+11f);
  let b9 = -0x1.a8f39ep+12f + (2.0 * y * b10 - b11);
  let b8 = 0x1.4144a4p+10f + (2.0 * y * b9 - b10);
  let b7 = 0x1.a57c5cp+5f + (2.0 * y * b8 - b9);
  let b6 = -0x1.109c3ep+5f + (2.0 * y * b7 - b8);
  let b5 = 0x1.1dee6ap+3f + (2.0 * y * b6 - b7);
  let b4 = -0x1.05339cp+2f + (2.0 * y * b5 - b6);
  let b3 = 0x1.24f07cp+1f + (2.0 * y * b4 - b5);
  let b2 = -0x1.872d12p+0f + (2.0 * y * b3 - b4);
  let b1 = 0x1.381324p+0f + (2.0 * y * b2 - b3);
  return -0x1.20bc4cp-1f + (y * b1 - b2);
}

fn debye_argument_13(y: f32) -> f32 {
  let b12 = 0x1.d9ae34p+15f + (2.0 * y * -0x1.0727e4p+14f);
  let b11 = -0x1.4773fp+16f + (2.0 * y * b12 + 0x1.0727e4p+14f);
  let b10 = 0x1.a974ep+15f + (2.0 * y * b11 - b12);
  let b9 = -0x1.e78c8ap+13f + (2.0 * y * b10 - b11);
  let b8 = 0x1.d38f3ap+9f + (2.0 * y * b9 - b10);
  let b7 = 0x1.25576ep+8f + (2.0 * y * b8 - b9);
  let b6 = -0x1.015998p+6f + (2.0 * y * b7 - b8);
  let b5 = 0x1.8c6b02p+4f + (2.0 * y * b6 - b7);
  let b4 = -0x1.74c4cep+3f + (2.0 * y * b5 - b6);
  let b3 = 0x1.baf7b6p+2f + (2.0 * y * b4 - b5);
  let b2 = -0x1.32e6fap+2f + (2.0 * y * b3 - b4);
  let b1 = 0x1.eef1cap+1f + (2.0 * y * b2 - b3);
  return -0x1.ce333p+0f + (y * b1 - b2);
}

// The terms from s^5 on, divided by s^4: all below w = 64, above it the first three.
fn debye_argument_tail(s: f32, y: f32, w: f32) -> f32 {
  var sum = 0.0;
  if (w < 64.0) {
    sum = s * (debye_argument_8(y) + s * (debye_argument_9(y) + s * (debye_argument_10(y) + s * (debye_argument_11(y) + s * (debye_argument_12(y) + s * debye_argument_13(y))))));
  }
  return s * (debye_argument_5(y) + s * (debye_argument_6(y) + s * (debye_argument_7(y) + sum)));
}
