#![no_main]

kantor_fuzz::fuzz!("information", "samples", "importance-weights");
