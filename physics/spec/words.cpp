#include "motorium/physics/spec/words.h"

#include "motorium/physics/spec/text.h"

namespace motorium {

// one table per enumeration, as MJCF spells the values
#define MOTORIUM_WORDS(Enum, ...)                    \
  std::span<const Word<Enum>> words(Enum) {          \
    static const Word<Enum> table[] = {__VA_ARGS__}; \
    return table;                                    \
  }

MOTORIUM_WORDS(bool, {"false", false}, {"true", true})
MOTORIUM_WORDS(Tristate, {"false", Tristate::off}, {"true", Tristate::on},
               {"auto", Tristate::automatic})
MOTORIUM_WORDS(JointType, {"free", JointType::free}, {"ball", JointType::ball},
               {"slide", JointType::slide}, {"hinge", JointType::hinge})
MOTORIUM_WORDS(GeomType, {"plane", GeomType::plane}, {"hfield", GeomType::hfield},
               {"sphere", GeomType::sphere}, {"capsule", GeomType::capsule},
               {"ellipsoid", GeomType::ellipsoid}, {"cylinder", GeomType::cylinder},
               {"box", GeomType::box}, {"mesh", GeomType::mesh})
MOTORIUM_WORDS(MeshSpec::Inertia, {"legacy", MeshSpec::Inertia::legacy},
               {"exact", MeshSpec::Inertia::exact}, {"convex", MeshSpec::Inertia::convex},
               {"shell", MeshSpec::Inertia::shell})
MOTORIUM_WORDS(DynType, {"none", DynType::none}, {"integrator", DynType::integrator},
               {"filter", DynType::filter}, {"filterexact", DynType::filterexact},
               {"muscle", DynType::muscle}, {"dcmotor", DynType::dcmotor}, {"pid", DynType::pid})
MOTORIUM_WORDS(GainType, {"fixed", GainType::fixed}, {"affine", GainType::affine},
               {"muscle", GainType::muscle}, {"dcmotor", GainType::dcmotor}, {"so3", GainType::so3},
               {"pid", GainType::pid})
MOTORIUM_WORDS(BiasType, {"none", BiasType::none}, {"affine", BiasType::affine},
               {"muscle", BiasType::muscle}, {"dcmotor", BiasType::dcmotor}, {"so3", BiasType::so3})
MOTORIUM_WORDS(Interpolation, {"zoh", Interpolation::zoh}, {"linear", Interpolation::linear},
               {"cubic", Interpolation::cubic})
MOTORIUM_WORDS(LengthRangeSpec::Mode, {"none", LengthRangeSpec::Mode::none},
               {"muscle", LengthRangeSpec::Mode::muscle},
               {"muscleuser", LengthRangeSpec::Mode::muscleuser},
               {"all", LengthRangeSpec::Mode::all})
MOTORIUM_WORDS(TransmissionType, {"joint", TransmissionType::joint},
               {"jointinparent", TransmissionType::jointinparent},
               {"tendon", TransmissionType::tendon}, {"site", TransmissionType::site},
               {"cranksite", TransmissionType::slidercrank}, {"body", TransmissionType::body})
MOTORIUM_WORDS(EqualityType, {"connect", EqualityType::connect}, {"weld", EqualityType::weld},
               {"joint", EqualityType::joint}, {"tendon", EqualityType::tendon})
MOTORIUM_WORDS(ObjectType, {"body", ObjectType::body}, {"xbody", ObjectType::xbody},
               {"joint", ObjectType::joint}, {"geom", ObjectType::geom}, {"site", ObjectType::site},
               {"camera", ObjectType::camera}, {"tendon", ObjectType::tendon})
MOTORIUM_WORDS(TendonType, {"fixed", TendonType::fixed}, {"spatial", TendonType::spatial})
MOTORIUM_WORDS(WrapType, {"joint", WrapType::joint}, {"pulley", WrapType::pulley},
               {"site", WrapType::site}, {"geom", WrapType::sphere}, {"geom", WrapType::cylinder})
MOTORIUM_WORDS(Integrator, {"Euler", Integrator::euler}, {"RK4", Integrator::rk4},
               {"implicit", Integrator::implicit}, {"implicitfast", Integrator::implicitfast},
               {"discrete", Integrator::discrete})
MOTORIUM_WORDS(Cone, {"pyramidal", Cone::pyramidal}, {"elliptic", Cone::elliptic})
MOTORIUM_WORDS(ContactReduce, {"none", ContactReduce::none}, {"mindist", ContactReduce::mindist},
               {"maxforce", ContactReduce::maxforce}, {"netforce", ContactReduce::netforce})
MOTORIUM_WORDS(FluidShape, {"none", FluidShape::none}, {"ellipsoid", FluidShape::ellipsoid})
MOTORIUM_WORDS(CameraMode, {"fixed", CameraMode::fixed}, {"track", CameraMode::track},
               {"trackcom", CameraMode::trackcom}, {"targetbody", CameraMode::targetbody},
               {"targetbodycom", CameraMode::targetbodycom})
#undef MOTORIUM_WORDS

std::span<const Word<uint32_t>> flag_words() {
  static const Word<uint32_t> table[] = {{"constraint", kFlagConstraint},
                                         {"equality", kFlagEquality},
                                         {"frictionloss", kFlagFrictionloss},
                                         {"limit", kFlagLimit},
                                         {"contact", kFlagContact},
                                         {"spring", kFlagSpring},
                                         {"damper", kFlagDamper},
                                         {"gravity", kFlagGravity},
                                         {"clampctrl", kFlagClampctrl},
                                         {"warmstart", kFlagWarmstart},
                                         {"filterparent", kFlagFilterparent},
                                         {"actuation", kFlagActuation},
                                         {"refsafe", kFlagRefsafe},
                                         {"sensor", kFlagSensor},
                                         {"eulerdamp", kFlagEulerdamp},
                                         {"island", kFlagIsland},
                                         {"multiccd", kFlagMulticcd},
                                         {"override", kFlagOverride},
                                         {"diagexact", kFlagDiagexact},
                                         {"invdiscrete", kFlagInvdiscrete},
                                         {"energy", kFlagEnergy},
                                         {"speculative", kFlagSpeculative}};
  return table;
}

std::span<const Word<int>> contact_data_words() {
  static const Word<int> table[] = {
      {"found", kContactFound},     {"force", kContactForce},   {"torque", kContactTorque},
      {"dist", kContactDist},       {"pos", kContactPos},       {"normal", kContactNormal},
      {"tangent", kContactTangent}, {"linvel", kContactLinvel}, {"angvel", kContactAngvel}};
  return table;
}

std::span<const Word<int>> ray_data_words() {
  static const Word<int> table[] = {{"dist", kRayDist},     {"dir", kRayDir},
                                    {"origin", kRayOrigin}, {"point", kRayPoint},
                                    {"normal", kRayNormal}, {"depth", kRayDepth}};
  return table;
}

WordSet input_words(GainType gain, int inputs) {
  static const Word<int> charts[] = {{"expmap", static_cast<int>(Chart::expmap)},
                                     {"quat", static_cast<int>(Chart::quat)}};
  static const Word<int> servo[] = {
      {"pos", kInputPos}, {"vel", kInputVel}, {"ff", kInputFeedforward}};
  static const Word<int> motor[] = {{"pos", kInputPos},
                                    {"vel", kInputVel},
                                    {"ff", kInputFeedforward},
                                    {"voltage", kInputVoltage},
                                    {"none", kInputNone}};
  static const Word<int> other[] = {
      {"pos", kInputPos}, {"vel", kInputVel}, {"pressure", kInputPressure}};
  if (gain == GainType::so3) return {charts, inputs, true};
  if (gain == GainType::pid) return {servo, inputs, false};
  if (gain == GainType::dcmotor) return {motor, inputs, false};
  return {other, inputs, true};
}

WordSet data_words(const SensorSpec& sensor) {
  if (sensor.tag == "contact") return {contact_data_words(), sensor.data, false};
  if (sensor.tag == "rangefinder") return {ray_data_words(), sensor.data, false};
  return {};
}

std::string text_of(const WordSet& set) {
  std::string text;
  for (const auto& [word, bit] : set.words)
    if (set.bits & bit) text += (text.empty() ? "" : " ") + std::string(word);
  return text;
}

std::string text_of(const GroupSet& set) {
  std::string text;
  for (int g = 0; g < 31; ++g)
    if (set.bits >> g & 1) text += (text.empty() ? "" : " ") + std::to_string(g);
  return text;
}

bool parse(const std::string& text, WordSet& set) {
  int bits = 0, last = 0, count = 0;
  for (const std::string_view given : words_of(text)) {
    int bit = 0;
    for (const auto& [word, value] : set.words)
      if (given == word) bit = value;
    // known, in order, each once; `none` is alone
    if (bit <= last || (count > 0 && (set.single || std::string_view(given) == "none")))
      return false;
    bits |= last = bit;
    ++count;
  }
  set.bits = bits;
  return true;
}

bool parse(const std::string& text, GroupSet& set) {
  uint32_t bits = 0;
  for (const std::string_view given : words_of(text)) {
    int group = 0;
    if (!read_integer(given, group) || group < 0 || group > 30) return false;
    bits |= 1u << group;
  }
  set.bits = bits;
  return true;
}

}  // namespace motorium
