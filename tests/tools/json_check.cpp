// json_check [POINTER...]: stdin holds exactly one strict JSON document (RapidJSON judges, not our
// own parser); prints what stands under each JSON pointer, one a line. Exit status 1 with a reason
// otherwise.
#include <rapidjson/document.h>
#include <rapidjson/error/en.h>
#include <rapidjson/pointer.h>
#include <rapidjson/stringbuffer.h>
#include <rapidjson/writer.h>

#include <cstdio>
#include <iostream>
#include <iterator>
#include <string>

int main(int argc, char** argv) {
  const std::string text{std::istreambuf_iterator<char>(std::cin), {}};
  rapidjson::Document document;
  document.Parse<rapidjson::kParseValidateEncodingFlag>(text.data(), text.size());
  if (document.HasParseError()) {
    std::fprintf(stderr, "not JSON at byte %zu: %s\n", document.GetErrorOffset(),
                 rapidjson::GetParseError_En(document.GetParseError()));
    return 1;
  }
  for (int i = 1; i < argc; ++i) {
    const rapidjson::Value* value = rapidjson::Pointer(argv[i]).Get(document);
    if (value == nullptr) {
      std::fprintf(stderr, "nothing under %s\n", argv[i]);
      return 1;
    }
    rapidjson::StringBuffer out;
    rapidjson::Writer<rapidjson::StringBuffer> writer(out);
    value->Accept(writer);
    std::puts(value->IsString() ? value->GetString() : out.GetString());
  }
  return 0;
}
