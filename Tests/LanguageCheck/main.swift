// What scripts/check-language.py compares with `transformers`:
//
//     LanguageCheck networks FOLDER OUTPUT                                 every network in FOLDER, written again
//     LanguageCheck encoder FOLDER DEVICE PROMPTS.json OUTPUT.safetensors  states of all layers
//     LanguageCheck decoder MODEL DEVICE PROMPTS.json OUTPUT.safetensors stored|float32 TOKENS BEAMS
//                                                                          scores, likeliest tokens, beams
//
// PROMPTS.json has a list of tokens for each text.
import Foundation
import LatheFormats
import LatheLanguage

let arguments = Array(CommandLine.arguments.dropFirst())
switch (arguments.first, arguments.count) {
case ("networks", 3): try Networks.copyAll(arguments[1], to: arguments[2])
case ("encoder", 5):
  let results = try Results(prompts: arguments[3], device: arguments[2])
  try WeightFile.write(results.encoder(arguments[1]), to: arguments[4])
case ("decoder", 8):
  let results = try Results(prompts: arguments[3], device: arguments[2])
  let tensors = try results.decoder(
    arguments[1], precision: arguments[5] == "float32" ? .float32 : .stored,
    newTokens: Int(arguments[6]) ?? 1,
    beams: Int(arguments[7]) ?? 1)
  try WeightFile.write(tensors, to: arguments[4])
default:
  print("LanguageCheck networks FOLDER OUTPUT | encoder FOLDER ... | decoder MODEL ...; see main.swift")
  exit(2)
}
