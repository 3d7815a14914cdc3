//! What naga writes of a module for each API, with the options that wgpu 30 gives it there.
//!
//! Sources: wgpu-hal 30, `vulkan/adapter.rs` and `vulkan/device.rs`, `gles/device.rs`, `dx12/device.rs`,
//! `metal/device.rs`. Bounds checks as wgpu has them by default; workgroup memory is not zeroed, as our pipelines ask,
//! except on Vulkan, where wgpu translates the module before it knows.

use naga::back::{glsl, hlsl, msl, spv};
use naga::proc::{BoundsCheckPolicies, BoundsCheckPolicy};
use naga::valid::ModuleInfo;
use naga::{AddressSpace, Module, ResourceBinding, ShaderStage, StorageAccess};
use std::collections::hash_map::Entry;
use std::collections::{BTreeMap, HashMap};
use std::hash::Hash;

/// Whether naga counts iterations: not in modules made natively, see `src/gpu/module.rs`.
const LOOP_BOUNDING: bool = false;

/// Texts of one API, each once, with a variant that it is the text of: the first by its name, whoever comes first.
type Once<T> = HashMap<T, String>;

fn keep<T: Eq + Hash>(texts: &mut Once<T>, text: T, what: String) {
    match texts.entry(text) {
        Entry::Occupied(mut known) if what < *known.get() => drop(known.insert(what)),
        Entry::Occupied(_) => {}
        Entry::Vacant(free) => drop(free.insert(what)),
    }
}

fn keep_all<T: Eq + Hash>(texts: &mut Once<T>, others: Once<T>) {
    others.into_iter().for_each(|(text, what)| keep(texts, text, what));
}

#[derive(Debug, Default)]
pub struct Texts {
    /// By target environment.
    pub spirv: BTreeMap<&'static str, Once<Vec<u32>>>,
    /// By version.
    pub glsl: BTreeMap<&'static str, Once<String>>,
    /// And its profile.
    pub hlsl: (&'static str, Once<String>),
    pub metal: Once<String>,
}

impl Texts {
    pub fn joined(mut self, other: Texts) -> Texts {
        for (environment, words) in other.spirv {
            keep_all(self.spirv.entry(environment).or_default(), words);
        }
        for (version, texts) in other.glsl {
            keep_all(self.glsl.entry(version).or_default(), texts);
        }
        self.hlsl.0 = self.hlsl.0.max(other.hlsl.0);
        keep_all(&mut self.hlsl.1, other.hlsl.1);
        keep_all(&mut self.metal, other.metal);
        self
    }
}

const STAGE: ShaderStage = ShaderStage::Compute;

pub fn of(texts: &mut Texts, what: &str, module: &Module, info: &ModuleInfo) {
    let what = what.to_owned();
    for (environment, options) in spirv_options() {
        let words = spv::write_vec(module, info, &options, None);
        let words = words.unwrap_or_else(|error| panic!("{what} to SPIR-V: {error}"));
        keep(texts.spirv.entry(environment).or_default(), words, what.clone());
    }
    // Below 4.50 naga's `mix` of integers is refused: no driver seen offers compute shaders and less.
    let desktop = glsl::Version::Desktop(450);
    let embedded = glsl::Version::Embedded { version: 310, is_webgl: false };
    for (name, version) in [("GLSL 4.50", desktop), ("GLSL ES 3.10", embedded)] {
        let text = to_glsl(&what, module, info, version);
        keep(texts.glsl.entry(name).or_default(), text, what.clone());
    }
    texts.hlsl.0 = "cs_6_6";
    keep(&mut texts.hlsl.1, to_hlsl(&what, module, info), what.clone());
    keep(&mut texts.metal, to_metal(&what, module, info), what);
}

/// Bindings of group 0, by address space: uniform, read, read and write.
fn bindings(module: &Module) -> impl Iterator<Item = (ResourceBinding, usize)> + '_ {
    module.global_variables.iter().filter_map(|(_, global)| {
        let kind = match global.space {
            AddressSpace::Storage { access } if access.contains(StorageAccess::STORE) => 2,
            AddressSpace::Storage { .. } => 1,
            _ => 0,
        };
        Some((global.binding?, kind))
    })
}

/// A driver of today, which checks bounds itself, and one of Vulkan 1.1, which does not.
fn spirv_options() -> [(&'static str, spv::Options<'static>); 2] {
    use spv::Capability::{
        DerivativeControl, Image1D, ImageQuery, Matrix, Sampled1D, Shader,
        StorageImageExtendedFormats,
    };
    let capabilities = [
        Shader,
        Matrix,
        Sampled1D,
        Image1D,
        ImageQuery,
        DerivativeControl,
        StorageImageExtendedFormats,
    ];
    let options = |lang_version, buffer, zero_initialize_workgroup_memory| spv::Options {
        lang_version,
        capabilities: Some(capabilities.into_iter().collect()),
        bounds_check_policies: BoundsCheckPolicies {
            index: BoundsCheckPolicy::Restrict,
            buffer,
            image_load: BoundsCheckPolicy::Restrict,
            binding_array: BoundsCheckPolicy::Unchecked,
        },
        zero_initialize_workgroup_memory,
        force_loop_bounding: LOOP_BOUNDING,
        ..Default::default()
    };
    use spv::ZeroInitializeWorkgroupMemoryMode::{Native, Polyfill};
    [
        ("vulkan1.3", options((1, 6), BoundsCheckPolicy::Unchecked, Native)),
        ("vulkan1.1", options((1, 3), BoundsCheckPolicy::Restrict, Polyfill)),
    ]
}

fn to_glsl(what: &str, module: &Module, info: &ModuleInfo, version: glsl::Version) -> String {
    let mut next = [0u8; 2];
    let binding_map = bindings(module)
        .map(|(binding, kind)| {
            let slot = &mut next[kind.min(1)];
            *slot += 1;
            (binding, *slot - 1)
        })
        .collect();
    let options = glsl::Options {
        version,
        writer_flags: glsl::WriterFlags::ADJUST_COORDINATE_SPACE
            | glsl::WriterFlags::FORCE_POINT_SIZE,
        binding_map,
        zero_initialize_workgroup_memory: false,
    };
    let pipeline =
        glsl::PipelineOptions { shader_stage: STAGE, entry_point: "main".into(), multiview: None };
    let mut text = String::new();
    glsl::Writer::new(&mut text, module, info, &options, &pipeline, BoundsCheckPolicies::default())
        .and_then(|mut writer| writer.write())
        .unwrap_or_else(|error| panic!("{what} to GLSL: {error}"));
    text
}

fn to_hlsl(what: &str, module: &Module, info: &ModuleInfo) -> String {
    let mut next = [0u32; 3];
    let binding_map = bindings(module)
        .map(|(binding, kind)| {
            let register = next[kind];
            next[kind] += 1;
            (binding, hlsl::BindTarget { register, restrict_indexing: true, ..Default::default() })
        })
        .collect();
    let special = hlsl::BindTarget { register: next[0], ..Default::default() };
    let options = hlsl::Options {
        shader_model: hlsl::ShaderModel::V6_6,
        binding_map,
        fake_missing_bindings: false,
        special_constants_binding: Some(special),
        zero_initialize_workgroup_memory: false,
        restrict_indexing: true,
        force_loop_bounding: LOOP_BOUNDING,
        ..Default::default()
    };
    let mut text = String::new();
    hlsl::Writer::new(&mut text, &options, &hlsl::PipelineOptions::default())
        .write(module, info, None)
        .unwrap_or_else(|error| panic!("{what} to HLSL: {error}"));
    text
}

fn to_metal(what: &str, module: &Module, info: &ModuleInfo) -> String {
    let resources: msl::BindingMap = (0u8..)
        .zip(bindings(module))
        .map(|(slot, (binding, kind))| {
            let target =
                msl::BindTarget { buffer: Some(slot), mutable: kind == 2, ..Default::default() };
            (binding, target)
        })
        .collect();
    let sizes_buffer = Some(resources.len() as u8);
    let entry = msl::EntryPointResources { resources, sizes_buffer, ..Default::default() };
    let options = msl::Options {
        lang_version: (2, 0),
        per_entry_point_map: [("main".to_owned(), entry)].into_iter().collect(),
        fake_missing_bindings: false,
        spirv_cross_compatibility: false,
        bounds_check_policies: BoundsCheckPolicies {
            index: BoundsCheckPolicy::Restrict,
            buffer: BoundsCheckPolicy::Restrict,
            image_load: BoundsCheckPolicy::Restrict,
            binding_array: BoundsCheckPolicy::Unchecked,
        },
        zero_initialize_workgroup_memory: false,
        force_loop_bounding: LOOP_BOUNDING,
        ..Default::default()
    };
    let (text, translated) =
        msl::write_string(module, info, &options, &msl::PipelineOptions::default())
            .unwrap_or_else(|error| panic!("{what} to Metal: {error}"));
    for name in translated.entry_point_names {
        name.unwrap_or_else(|error| panic!("{what} to Metal: {error}"));
    }
    text
}
