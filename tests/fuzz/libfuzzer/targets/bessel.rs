#![no_main]

kantor_fuzz::fuzz!("bessel");
