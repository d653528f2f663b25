# causes.ftl의 거부 응답을 구성하는 조각과, 목록 밖의 응답입니다.

who-admin = 관리자 사용자
who-anonymous = 익명 호출자
who-operator = 로컬 운영자
who-service-principal = 서비스 주체 { $name }
who-token = 토큰 { $name }
who-user = 사용자 { $name }

action-catalog = 나열
action-delete = 삭제
action-metadata-read = 태그 나열
action-metadata-write = 메타데이터 변경
action-pull = 끌어오기
action-push = 푸시

near-ceiling = 암호로 사용한 액세스 토큰에 이 작업이 없습니다
near-nothing = 이 레지스트리에 할당된 역할이 없습니다
near-roles = 할당된 역할({ $roles })에 이 권한이 없습니다
near-rule-actions = 범위 맵 { $map }: { $pattern }에 { $gives }만 있습니다
near-rule-none = 범위 맵 { $map }에 해당하는 규칙이 없습니다
near-rule-pattern = 범위 맵 { $map }에 해당하는 규칙이 없습니다(가장 가까운 규칙: { $pattern })

remedy-ceiling = 암호 자체로 로그인하세요
remedy-role = { $role } 역할을 할당하세요
remedy-scope-map = 범위 맵에 { $word } 항목을 추가하세요

rate-delete = 삭제
rate-read = 읽기
rate-referrers = 참조 아티팩트 목록
rate-tokens = 토큰
rate-write = 쓰기

rate-of-address = 로그인 없이 이 주소에서 온 요청
rate-of-identity = { $who }
rate-of-registry = 이 레지스트리 전체

disk-full = 레지스트리의 디스크가 가득 찼습니다. 저장된 내용은 잃지 않았습니다. 운영자가 공간을 확보한 뒤 다시 시도하세요
