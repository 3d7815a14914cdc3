#![no_main]

kantor_fuzz::fuzz!("vmf-fit", "vmf-densities", "vmf-mixtures");
