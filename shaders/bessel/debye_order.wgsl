// Coefficients of Debye's series: 2 (1 - z) P_k' - k P_k, for derivatives in the order. See debye.wgsl.
// Printed by src/check/data/make_debye.py; change that, not this.
//!include shared/twofloat.wgsl

fn debye_order_1(z: vec2f) -> vec2f {
  return df_mul_add(vec2f(0x1.4p-1f, 0.0), z, vec2f(-0x1.155556p-1f, 0x1.555556p-26f));
}

fn debye_order_2(z: vec2f) -> vec2f {
  return df_mul_add(df_mul_add(vec2f(-0x1.ep+0f, 0.0), z, vec2f(0x1.6p+1f, 0.0)), z, vec2f(-0x1.cp-1f, 0.0));
}

fn debye_order_3(z: vec2f) -> vec2f {
  return df_mul_add(df_mul_add(df_mul_add(vec2f(0x1.144p+3f, 0.0), z, vec2f(-0x1.1d7556p+4f, 0x1.555556p-21f)), z, vec2f(0x1.61cp+3f, 0.0)), z, vec2f(-0x1.daccccp+0f, -0x1.99999ap-25f));
}

fn debye_order_4(z: vec2f) -> vec2f {
  return df_mul_add(df_mul_add(df_mul_add(df_mul_add(vec2f(-0x1.a7cp+5f, 0.0), z, vec2f(0x1.1a8p+7f, 0.0)), z, vec2f(-0x1.03ep+7f, 0.0)), z, vec2f(0x1.74p+5f, 0.0)), z, vec2f(-0x1.36p+2f, 0.0));
}

fn debye_order_5(y: f32) -> f32 {
  let b4 = -0x1.360df6p+1f + (2.0 * y * 0x1.946b4p-1f);
  let b3 = 0x1.abafe6p+1f + (2.0 * y * b4 - 0x1.946b4p-1f);
  let b2 = -0x1.b244d6p+1f + (2.0 * y * b3 - b4);
  let b1 = 0x1.b041bcp+1f + (2.0 * y * b2 - b3);
  return -0x1.b06f3ep+0f + (y * b1 - b2);
}

fn debye_order_6(y: f32) -> f32 {
  let b5 = 0x1.8fa6p+2f + (2.0 * y * -0x1.cd22p+0f);
  let b4 = -0x1.35628p+3f + (2.0 * y * b5 + 0x1.cd22p+0f);
  let b3 = 0x1.4bd7p+3f + (2.0 * y * b4 - b5);
  let b2 = -0x1.49afcp+3f + (2.0 * y * b3 - b4);
  let b1 = 0x1.49d6p+3f + (2.0 * y * b2 - b3);
  return -0x1.4993p+2f + (y * b1 - b2);
}

fn debye_order_7(y: f32) -> f32 {
  let b6 = -0x1.2778b2p+4f + (2.0 * y * 0x1.31a8fep+2f);
  let b5 = 0x1.fd213ap+4f + (2.0 * y * b6 - 0x1.31a8fep+2f);
  let b4 = -0x1.23a40ep+5f + (2.0 * y * b5 - b6);
  let b3 = 0x1.24b212p+5f + (2.0 * y * b4 - b5);
  let b2 = -0x1.243b34p+5f + (2.0 * y * b3 - b4);
  let b1 = 0x1.243046p+5f + (2.0 * y * b2 - b3);
  return -0x1.242a06p+4f + (y * b1 - b2);
}

fn debye_order_8(y: f32) -> f32 {
  let b7 = 0x1.ecb962p+5f + (2.0 * y * -0x1.cdedccp+3f);
  let b6 = -0x1.d4ab3ep+6f + (2.0 * y * b7 + 0x1.cdedccp+3f);
  let b5 = 0x1.2053cp+7f + (2.0 * y * b6 - b7);
  let b4 = -0x1.27da84p+7f + (2.0 * y * b5 - b6);
  let b3 = 0x1.27241cp+7f + (2.0 * y * b4 - b5);
  let b2 = -0x1.271dcep+7f + (2.0 * y * b3 - b4);
  let b1 = 0x1.270f4cp+7f + (2.0 * y * b2 - b3);
  return -0x1.271164p+6f + (y * b1 - b2);
}

fn debye_order_9(y: f32) -> f32 {
  let b8 = -0x1.c94b24p+7f + (2.0 * y * 0x1.87f744p+5f);
  let b7 = 0x1.dcb8f2p+8f + (2.0 * y * b8 - 0x1.87f744p+5f);
  let b6 = -0x1.3b9546p+9f + (2.0 * y * b7 - b8);
  let b5 = 0x1.4e867cp+9f + (2.0 * y * b6 - b7);
  let b4 = -0x1.4ec424p+9f + (2.0 * y * b5 - b6);
  let b3 = 0x1.4e905ep+9f + (2.0 * y * b4 - b5);
  let b2 = -0x1.4e884p+9f + (2.0 * y * b3 - b4);
  let b1 = 0x1.4e844ep+9f + (2.0 * y * b2 - b3);
  return -0x1.4e8356p+8f + (y * b1 - b2);
}

fn debye_order_10(y: f32) -> f32 {
  let b9 = 0x1.d37ff4p+9f + (2.0 * y * -0x1.71142cp+7f);
  let b8 = -0x1.095486p+11f + (2.0 * y * b9 + 0x1.71142cp+7f);
  let b7 = 0x1.79e662p+11f + (2.0 * y * b8 - b9);
  let b6 = -0x1.a12978p+11f + (2.0 * y * b7 - b8);
  let b5 = 0x1.a52e1ap+11f + (2.0 * y * b6 - b7);
  let b4 = -0x1.a4c832p+11f + (2.0 * y * b5 - b6);
  let b3 = 0x1.a4bf2ep+11f + (2.0 * y * b4 - b5);
  let b2 = -0x1.a4b83ep+11f + (2.0 * y * b3 - b4);
  let b1 = 0x1.a4b70cp+11f + (2.0 * y * b2 - b3);
  return -0x1.a4b60ep+10f + (y * b1 - b2);
}

fn debye_order_11(y: f32) -> f32 {
  let b10 = -0x1.04fbdcp+12f + (2.0 * y * 0x1.7ded74p+9f);
  let b9 = 0x1.40af5ap+13f + (2.0 * y * b10 - 0x1.7ded74p+9f);
  let b8 = -0x1.ea94dep+13f + (2.0 * y * b9 - b10);
  let b7 = 0x1.1b994ap+14f + (2.0 * y * b8 - b9);
  let b6 = -0x1.22c15ep+14f + (2.0 * y * b7 - b8);
  let b5 = 0x1.22c4f4p+14f + (2.0 * y * b6 - b7);
  let b4 = -0x1.22b2f8p+14f + (2.0 * y * b5 - b6);
  let b3 = 0x1.22af8ap+14f + (2.0 * y * b4 - b5);
  let b2 = -0x1.22ae06p+14f + (2.0 * y * b3 - b4);
  let b1 = 0x1.22ad7p+14f + (2.0 * y * b2 - b3);
  return -0x1.22ad4ap+13f + (y * b1 - b2);
}

fn debye_order_12(y: f32) -> f32 {
  let b11 = 0x1.3bf756p+14f + (2.0 * y * -0x1.aedceap+11f);
  let b10 = -0x1.a21942p+15f + (2.0 * y * b11 + 0x1.aedceap+11f);
  let b9 = 0x1.56ba48p+16f + (2.0 * y * b10 - b11);
  let b8 = -0x1.a09158p+16f + (2.0 * y * b9 - b10);
  let b7 = 0x1.b47112p+16f + (2.0 * y * b8 - b9);
  let b6 = -0x1.b60078p+16f + (2.0 * y * b7 - b8);
  let b5 = 0x1.b5d576p+16f + (2.0 * y * b6 - b7);
  let b4 = -0x1.b5d044p+16f + (2.0 * y * b5 - b6);
  let b3 = 0x1.b5cd8ap+16f + (2.0 * y * b4 - b5);
  let b2 = -0x1.b5cccp+16f + (2.0 * y * b3 - b4);
  let b1 = 0x1.b5cc4ep+16f + (2.0 * y * b2 - b3);
  return -0x1.b5cc3ep+15f + (y * b1 - b2);
}

fn debye_order_13(y: f32) -> f32 {
  let b12 = -0x1.9c4706p+16f + (2.0 * y * 0x1.0727e4p+14f);
  let b11 = 0x1.24634cp+18f + (2.0 * y * b12 - 0x1.0727e4p+14f);
  let b10 = -0x1.00320ep+19f + (2.0 * y * b11 - b12);
  let b9 = 0x1.480fa8p+19f + (2.0 * y * b10 - b11);
  let b8 = -0x1.613e9ap+19f + (2.0 * y * b9 - b10);
  let b7 = 0x1.64ff96p+19f + (2.0 * y * b8 - b9);
  let b6 = -0x1.64f97p+19f + (2.0 * y * b7 - b8);
  let b5 = 0x1.64f054p+19f + (2.0 * y * b6 - b7);
  let b4 = -0x1.64ee6ap+19f + (2.0 * y * b5 - b6);
  let b3 = 0x1.64eda2p+19f + (2.0 * y * b4 - b5);
  let b2 = -0x1.64ed5p+19f + (2.0 * y * b3 - b4);
  let b1 = 0x1.64ed2ep+19f + (2.0 * y * b2 - b3);
  return -0x1.64ed24p+18f + (y * b1 - b2);
}

// The terms from s^5 on, divided by s^4: all below w = 64, above it the first three.
fn debye_order_tail(s: f32, y: f32, w: f32) -> f32 {
  var sum = 0.0;
  if (w < 64.0) {
    sum = s * (debye_order_8(y) + s * (debye_order_9(y) + s * (debye_order_10(y) + s * (debye_order_11(y) + s * (debye_order_12(y) + s * debye_order_13(y))))));
  }
  return s * (debye_order_5(y) + s * (debye_order_6(y) + s * (debye_order_7(y) + sum)));
}
