#![no_main]

kantor_fuzz::fuzz!("losses", "distillation", "class-prior", "attention");
