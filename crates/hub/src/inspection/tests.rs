use std::{fs, io::Write};

use domain::memory::Shape;
use protocol::model::{LearningStage, ModelType};

use super::*;
use crate::gguf::testing::Builder;

fn inspected(builder: &Builder) -> Inspection {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(&builder.build()).unwrap();
    inspect_as(file.path(), Some("model.gguf")).unwrap()
}

#[test]
fn a_file_says_what_it_is() {
    let inspection = inspected(&Builder::llama());
    assert_eq!(inspection.architecture, "llama");
    assert_eq!(inspection.name.as_deref(), Some("Tiny Whale Instruct"));
    assert_eq!(inspection.version.as_deref(), Some("v2"));
    assert_eq!(inspection.licence.as_deref(), Some("apache-2.0"));
    assert_eq!(inspection.tags, ["text-generation", "demo"]);
    assert_eq!((inspection.parameters, inspection.context_length), (320, Some(2048)));
    assert_eq!(inspection.quantization.as_deref(), Some("Q8_0"));
    assert!(inspection.has_chat_template());
    assert_eq!(inspection.kind, ModelType::Llm);
    assert_eq!(inspection.learning_stage.stage, LearningStage::InstructionTuned);
    assert_eq!(inspection.learning_stage.inferred_from, "general.name: `Tiny Whale Instruct`");
    let shape = Shape {
        weight_bytes: 272 + 256,
        layers: 2,
        key_width: 16,
        value_width: 16,
        embedding_width: 64,
        vocabulary: 4,
        context_length: 2048,
    };
    assert_eq!(inspection.shape, Some(shape));
}

fn bare(architecture: &str) -> Builder {
    Builder::empty().text("general.architecture", architecture).tensor("t", &[32], 1, 64)
}

#[test]
fn the_type_is_told_by_architecture_type_and_pooling() {
    let kind = |builder: Builder| inspected(&builder).kind;
    assert_eq!(kind(bare("qwen2vl")), ModelType::Vlm);
    assert_eq!(kind(bare("bert")), ModelType::Other);
    assert_eq!(kind(bare("clip")), ModelType::Other);
    assert_eq!(kind(bare("llama").text("general.type", "adapter")), ModelType::Other);
    assert_eq!(kind(bare("llama").text("general.type", "model")), ModelType::Llm);
    assert_eq!(kind(bare("qwen3").number("qwen3.pooling_type", 3)), ModelType::Other);
    assert_eq!(kind(bare("qwen3").number("qwen3.pooling_type", 0)), ModelType::Llm);
    let projector = inspected(&bare("clip").text("general.type", "mmproj"));
    assert_eq!(inspected(&bare("gemma3")).kind_with_projector(&projector), ModelType::Vlm);
    assert_eq!(inspected(&bare("bert")).kind_with_projector(&projector), ModelType::Other);
    assert_eq!(inspected(&bare("gemma3")).kind_with_projector(&inspected(&bare("llama"))), ModelType::Llm);
}

#[test]
fn the_learning_stage_is_told_by_the_surest_sign() {
    let stage = |builder: &Builder, name: &str| {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        file.write_all(&builder.build()).unwrap();
        inspect_as(file.path(), Some(name)).unwrap().learning_stage
    };
    let unknown = stage(&bare("llama"), "model.gguf");
    assert_eq!(unknown.stage, LearningStage::Unknown);
    let by_file = stage(&bare("llama"), "whale-7b-instruct.Q4_K_M.gguf");
    assert_eq!(by_file.stage, LearningStage::InstructionTuned);
    assert!(by_file.inferred_from.contains("the file's name"));
    let by_template = stage(&bare("llama").text("tokenizer.chat_template", "{{ x }}"), "model.gguf");
    assert_eq!(by_template.stage, LearningStage::InstructionTuned);
    assert!(by_template.inferred_from.contains("chat template"));
    // A base model may carry a template, too.
    let named = bare("llama").text("general.name", "Whale Base").text("tokenizer.chat_template", "{{ x }}");
    assert_eq!(stage(&named, "model.gguf").stage, LearningStage::Pretrained);
    let tuned = bare("llama").text("general.finetune", "Instruct").text("general.name", "Whale Base");
    assert_eq!(stage(&tuned, "base.gguf").stage, LearningStage::InstructionTuned);
}

#[test]
fn heads_may_differ_from_layer_to_layer() {
    let builder = bare("openelm")
        .number("openelm.block_count", 3)
        .number("openelm.embedding_length", 96)
        .number("openelm.context_length", 512)
        .numbers("openelm.attention.head_count", &[12, 12, 16])
        .numbers("openelm.attention.head_count_kv", &[3, 3, 4])
        .number("openelm.attention.key_length", 64)
        .number("openelm.attention.value_length", 32)
        .number("openelm.vocab_size", 1000);
    let shape = inspected(&builder).shape.unwrap();
    // 10 KV heads over 3 layers: 4 a layer, rounded up.
    assert_eq!((shape.key_width, shape.value_width, shape.vocabulary), (256, 128, 1000));
}

#[test]
fn a_file_without_an_architecture_is_damaged() {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(&Builder::empty().tensor("t", &[32], 1, 64).build()).unwrap();
    assert!(inspect(file.path()).unwrap_err().to_string().contains("names no architecture"));
}

#[test]
fn a_missing_file_and_a_folder_are_told() {
    let folder = tempfile::tempdir().unwrap();
    assert!(matches!(inspect(&folder.path().join("none.gguf")), Err(InspectError::Open(_))));
    assert!(inspect(folder.path()).is_err());
    let text = folder.path().join("essay.gguf");
    fs::write(&text, "Once upon a time there was a text file").unwrap();
    assert!(inspect(&text).unwrap_err().to_string().contains("it begins with the text"));
}

/// A real file, where the repository has one.
#[test]
fn the_demo_models_are_read_and_every_cut_of_them_is_refused() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../assets/demo");
    for name in ["demo-early.gguf", "demo-final.gguf"] {
        let path = folder.join(name);
        if !path.exists() {
            continue;
        }
        let inspection = inspect(&path).unwrap();
        assert!(crate::is_known_architecture(&inspection.architecture));
        assert_eq!(inspection.kind, ModelType::Llm);
        assert_eq!(inspection.learning_stage.stage, LearningStage::InstructionTuned);
        assert!(inspection.shape.is_some() && inspection.has_chat_template());
        let whole = fs::read(&path).unwrap();
        for percent in 0..100 {
            let cut = &whole[..whole.len() * percent / 100];
            assert!(gguf::read(std::io::Cursor::new(cut), cut.len() as u64).is_err(), "{name} at {percent} %");
        }
    }
}
