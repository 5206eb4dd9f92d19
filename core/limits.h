// Bounds on everything that is read from files and frames. A value beyond its bound is an Error
// that names limit and value. An embedding program may change a bound by a call, a file never can.
#pragma once
#include <cstdint>

namespace motorium::limits {

// XML models (MJCF, URDF), all includes together
inline constexpr uint64_t kModelBytes = 64ull << 20;
inline constexpr int kModelFiles = 256;
inline constexpr int kIncludeDepth = 16;
inline constexpr int kXmlElements = 1'000'000;
inline constexpr int kXmlDepth = 512;
inline constexpr int kXmlAttributes = 128;               // an element
inline constexpr uint64_t kXmlValueBytes = 16ull << 20;  // an attribute value
inline constexpr int kNameBytes = 256;
inline constexpr int kProblems = 100;  // problems reported per file, the rest is counted

// compiled models
inline constexpr int kBodies = 10'000;
inline constexpr int kTreeDepth = 1'000;  // links above each other
inline constexpr int kDofs = 4'096;
inline constexpr int kGeoms = 100'000;
inline constexpr int64_t kCopies = 200'000;  // objects made by <replicate> and <attach>
inline constexpr int kCopyElements = 2'000;  // <replicate> and <attach> elements of a model
inline constexpr int kPairs = 10'000'000;
inline constexpr int kSensorNumbers = 100'000;
inline constexpr int kTendonNumbers = 4'000'000;  // non-zeros of all tendon Jacobians
inline constexpr int kKeyframes = 10'000;
inline constexpr int kHistorySamples = 10'000;          // of one actuator or sensor
inline constexpr int kHistoryNumbers = 1'000'000;       // of all histories together
inline constexpr int64_t kKeyframeNumbers = 4'000'000;  // of all keyframes together

// convex collisions: what a model asks beyond it is not done
inline constexpr int kCcdIterations = 1'000;

// meshes
inline constexpr uint64_t kMeshBytes = 256ull << 20;
inline constexpr int kMeshVertices = 5'000'000;
inline constexpr int kMeshFaces = 5'000'000;
inline constexpr int kHullVertices = 65'536;
inline constexpr int kMeshVerticesAll = 20'000'000;  // of all meshes of a model together

// height fields and the images they come from
inline constexpr int kHeightSide = 4'096;             // rows or columns
inline constexpr int kHeightSamplesAll = 1 << 26;     // of all height fields of a model together
inline constexpr uint64_t kImageBytes = 64ull << 20;  // as the file is stored
inline constexpr int kImageSide = 8'192;

}  // namespace motorium::limits
