#![no_main]

kantor_fuzz::fuzz!("rows", "row-gradients", "pairs", "entropies", "ratio-weights");
