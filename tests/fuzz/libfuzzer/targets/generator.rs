#![no_main]

kantor_fuzz::fuzz!("generator");
