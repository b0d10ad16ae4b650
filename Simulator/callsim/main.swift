print("outdial")
